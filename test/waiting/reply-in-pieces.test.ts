/** Replies cut anywhere, whose pieces come in one turn of the event loop: from the greeting on, for all five clients. */
import { describe, expect, it } from 'vitest';
import { scripted, servers } from './servers.js';

const atOctet = (position: number) => (text: string) => [
  text.slice(0, position % text.length),
  text.slice(position % text.length),
];

describe.each(Object.entries(servers))('%s', (_name, server) => {
  it('connects, wherever a reply is cut', async () => {
    for (let position = 0; position < server.greeting.length; position++) {
      const client = await server.connect(scripted(server, atOctet(position)));
      client.close();
    }
  });

  it('connects, octet by octet', async () => {
    const client = await server.connect(scripted(server, (text) => [...text]));
    client.close();
  });

  it('connects where the greeting was there before the client', async () => {
    const stream = scripted(server, (text) => [text]);
    await new Promise((resolve) => setImmediate(resolve));
    expect(stream.readableLength).toBeGreaterThan(0);
    const client = await server.connect(stream);
    client.close();
  });
});
