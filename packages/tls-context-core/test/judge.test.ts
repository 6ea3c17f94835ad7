/** Rules of the verdict that no honest server can be made to break. */

import { expect, test } from 'vitest';
import { createTlsContext, parseServerHostname, type TlsContextOptions } from '../src/index.js';
import {
  type Demands,
  type Evidence,
  judgeAlpn,
  judgeHandshake,
  judgeResumption,
} from '../src/judge.js';
import { pinOf } from '../src/pins.js';
import { contextParts } from '../src/tls-context.js';
import { issue } from './certificates.js';

const name = 'imap.example.org';
const leaf = issue({ dns: [name] });

const stranger = issue({ dns: ['other.example'] });

/** Both certificates are anchors. */
function demands(options: TlsContextOptions = {}, more: Partial<Demands> = {}): Demands {
  const ca = options.verifyMode === 'none' ? {} : { ca: [leaf.cert, stranger.cert] };
  const context = createTlsContext({ ...ca, ...options });
  return {
    context,
    trust: contextParts(context).trust,
    identity: parseServerHostname(name),
    pins: new Set(),
    alpn: 'imap',
    errorContext: { protocol: 'imap' },
    ...more,
  };
}

const evidence = (more: Partial<Evidence> = {}): Evidence => ({
  chainFault: undefined,
  chain: [leaf.der],
  fingerprint256: 'AB:CD',
  ...more,
});

test('ALPN: the offered name or none at all', () => {
  judgeAlpn('imap', demands());
  judgeAlpn(undefined, demands());
  judgeAlpn(undefined, demands({}, { alpn: undefined }));
  for (const [selected, alpn] of [
    ['http/1.1', 'imap'],
    ['IMAP', 'imap'],
    ['imap', undefined],
  ] as const) {
    expect(() => judgeAlpn(selected, demands({}, { alpn }))).toThrow(
      expect.objectContaining({ code: 'ERR_TLS_ALPN', hint: expect.stringContaining('ALPACA') }),
    );
  }
});

test('a peer without a certificate is untrusted, whatever the context', () => {
  for (const options of [{}, { verifyMode: 'none', checkHostname: false }] as TlsContextOptions[]) {
    expect(() => judgeHandshake(evidence({ chain: [] }), demands(options))).toThrow(
      expect.objectContaining({ code: 'ERR_CERTIFICATE_UNTRUSTED' }),
    );
  }
});

test('the chain is judged before the name, and the name before the pins', () => {
  const pins = new Set(['x']);
  const judge = (fault: string | undefined, der: Buffer) => () =>
    judgeHandshake(evidence({ chainFault: fault, chain: [der] }), demands({}, { pins }));
  expect(judge('EE_KEY_TOO_SMALL', stranger.der)).toThrow(
    expect.objectContaining({
      code: 'ERR_CERTIFICATE_UNTRUSTED',
      protocol: 'imap',
      fingerprint256: 'AB:CD',
    }),
  );
  expect(judge(undefined, stranger.der)).toThrow(
    expect.objectContaining({ code: 'ERR_CERTIFICATE_HOSTNAME_MISMATCH' }),
  );
  expect(judge(undefined, leaf.der)).toThrow(
    expect.objectContaining({ code: 'ERR_CERTIFICATE_PIN_MISMATCH' }),
  );
});

test('pins hold even where nothing else is verified', () => {
  const none = { verifyMode: 'none', checkHostname: false } as const;
  const pin = pinOf(leaf.keys.publicKey.export({ type: 'spki', format: 'der' }));
  judgeHandshake(evidence(), demands(none, { pins: new Set([pin]) }));
  expect(() => judgeHandshake(evidence(), demands(none, { pins: new Set(['x']) }))).toThrow(
    expect.objectContaining({ code: 'ERR_CERTIFICATE_PIN_MISMATCH' }),
  );
});

test('a resumed session is judged again by what was remembered', () => {
  const proof = judgeHandshake(evidence(), demands());
  expect(judgeResumption(proof, demands())).toEqual(proof);
  const elsewhere = demands({}, { identity: parseServerHostname('other.example') });
  expect(() => judgeResumption(proof, elsewhere)).toThrow(
    expect.objectContaining({ code: 'ERR_CERTIFICATE_HOSTNAME_MISMATCH' }),
  );
  expect(() => judgeResumption(proof, demands({}, { pins: new Set(['x']) }))).toThrow(
    expect.objectContaining({ code: 'ERR_CERTIFICATE_PIN_MISMATCH' }),
  );
  expect(() => judgeResumption({ ...proof, validUntil: Date.now() - 1 }, demands())).toThrow(
    expect.objectContaining({ code: 'ERR_CERTIFICATE_EXPIRED' }),
  );
});
