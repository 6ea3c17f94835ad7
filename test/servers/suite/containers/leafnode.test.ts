// Leafnode: a server without CAPABILITIES and STARTTLS, with the groups that it has fetched from INN.
import { NntpClient } from '@fivewire/nntp';
import { expect, test } from 'vitest';
import { type Door, options, refuses, verified } from '../doors.js';

const door: Door = { server: 'leafnode', port: 'nntps', security: 'implicit-tls' };
const connect = ({ auth: _, ...way }: Partial<ReturnType<typeof options>>) =>
  NntpClient.connect(way as Parameters<typeof NntpClient.connect>[0]);

test('lists and reads groups, and takes an article', async () => {
  const nntp = await connect(options(door));
  try {
    expect(nntp.security).toMatchObject(verified(door));
    const groups = [];
    for await (const group of nntp.listActive()) groups.push(group.name);
    expect(groups).toContain('fivewire.test');
    const group = await nntp.group('fivewire.test');
    expect(group.count).toBeGreaterThan(0); // a new group holds an article of Leafnode's own, which explains it
    const rows = [];
    for await (const row of nntp.overview({ from: group.low, to: group.high })) rows.push(row);
    expect(rows).toHaveLength(group.count);
    await expect(nntp.group('fivewire.absent')).rejects.toMatchObject({ code: 'ERR_NOT_FOUND' });
    await nntp.post(
      'From: Alice <alice@example.test>\r\nNewsgroups: fivewire.test\r\nSubject: by Leafnode\r\n\r\nHello.\r\n',
    );
  } finally {
    await nntp.quit();
  }
});

refuses([door], connect);
