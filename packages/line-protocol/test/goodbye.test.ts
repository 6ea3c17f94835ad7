/** The end of a client's scope, and what is said of a silence. */
import { dispose, timedOut } from '@fivewire/line-protocol';
import { describe, expect, it } from 'vitest';
import { connectionPair } from './pair.js';

describe('dispose', () => {
  it('says goodbye, and leaves alone what is closed', async () => {
    const { connection, close } = await connectionPair();
    let said = 0;
    const goodbye = async (): Promise<void> => {
      said++;
      connection.close();
    };
    await dispose(connection, goodbye);
    await dispose(connection, goodbye);
    expect(said).toBe(1);
    close();
  });

  it('closes when the goodbye fails', async () => {
    const { connection, close } = await connectionPair();
    await dispose(connection, () => Promise.reject(new Error('no')));
    expect(await connection.closed).toMatchObject({ reason: 'close' });
    close();
  });

  it('closes when the goodbye takes longer than timeouts.close', async () => {
    const { connection, close } = await connectionPair({ timeouts: { close: 50 } });
    await dispose(connection, () => connection.readLine({ phase: 'close', timeout: 5_000 }));
    expect(await connection.closed).toMatchObject({ reason: 'close' });
    close();
  });
});

it('a silent greeting has another reason once TLS is up', () => {
  const wait = { phase: 'greeting', timeout: 5 } as const;
  expect(timedOut(wait).hint).toContain('may expect TLS');
  expect(timedOut(wait, true).hint).toContain('after the TLS handshake');
  expect(timedOut({ ...wait, phase: 'auth' }, true).hint).toBe(
    timedOut({ ...wait, phase: 'auth' }).hint,
  );
});
