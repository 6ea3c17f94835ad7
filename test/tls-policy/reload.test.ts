/** A context that is reloaded on a signal, under the pools of all clients: new connections go by what is new. */
import {
  createThrowawayCa,
  type IssuedCertificate,
  type ThrowawayCa,
} from '@fivewire/test-servers';
import { type ReloadableTlsContext, reloadableTlsContext } from 'tls-context-core';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { rejection } from '../support/promises.js';
import { drivers, modes, startServers, visit, way } from './drivers.js';

let authority: ThrowawayCa;
let reloaded: Promise<void>;
const reloadOnSignal = (context: ReloadableTlsContext) => {
  process.on('SIGHUP', () => {
    reloaded = context.reload();
    reloaded.catch(() => {});
  });
};
beforeAll(async () => {
  authority = await createThrowawayCa();
});
afterEach(() => void process.removeAllListeners('SIGHUP'));

const clientCertificate = (commonName: string): Promise<IssuedCertificate> =>
  authority.issue({ usage: 'client', names: [], commonName });

describe.each(drivers)('$protocol', (driver) => {
  it.each(modes)('over %s: a renewed client certificate, in a pool that lives on', async (mode) => {
    const servers = await startServers(driver.protocol, {
      ca: authority,
      tls: { clientCa: authority.certificate, requireClientCertificate: true },
    });
    let mine = await clientCertificate('old');
    const tls = await reloadableTlsContext(() => ({
      ca: authority.certificate,
      cert: mine.chain,
      key: mine.key,
    }));
    reloadOnSignal(tls);
    const pool = driver.pool({ ...way(servers, driver.protocol, mode), tls, maxConnections: 3 });
    const clientName = () => servers[driver.protocol].connections.at(-1)?.tls?.clientName;
    try {
      await pool.use(async (first) => {
        await driver.command(first);
        expect(clientName()).toBe('old');
        mine = await clientCertificate('new');
        process.emit('SIGHUP');
        await reloaded;
        await pool.use(async (second) => {
          await driver.command(second);
          expect(second.security).toMatchObject({ verified: true, resumed: false });
          expect(clientName()).toBe('new');
          await driver.command(first); // what is open stays open
          await pool.use(async (third) => {
            await driver.command(third);
            expect(third.security.resumed).toBe(driver.poolResumes);
          });
        });
      });
    } finally {
      await pool.close();
      await servers.close();
    }
  });

  it.each(modes)('over %s: a revocation list that learns, and a file that breaks', async (mode) => {
    const ca = await createThrowawayCa();
    const servers = await startServers(driver.protocol, { ca });
    let crl = await ca.crl();
    const tls = await reloadableTlsContext(() => ({ ca: ca.certificate, crl }));
    reloadOnSignal(tls);
    const there = { ...way(servers, driver.protocol, mode), tls };
    try {
      expect((await visit(driver, there)).verified).toBe(true);
      crl = 'half a fi';
      process.emit('SIGHUP');
      expect(await rejection(reloaded)).toMatchObject({ code: 'ERR_ARGUMENT' });
      expect((await visit(driver, there)).verified).toBe(true);
      ca.revoke(servers.certificate);
      crl = await ca.crl();
      process.emit('SIGHUP');
      await reloaded;
      expect(await rejection(visit(driver, there))).toMatchObject({
        code: 'ERR_CERTIFICATE_REVOKED',
      });
    } finally {
      await servers.close();
    }
  });
});
