// Composed messages of every shape: read by Python, and carried by Postfix to Dovecot without an octet changed.
import { execFile } from 'node:child_process';
import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type ComposeMessage, compose, sendMail } from '@fivewire/compose';
import { createSmtpPool, SmtpClient } from '@fivewire/smtp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fortyMessages } from '../../../packages/compose/test/forty-messages.js';
import { arrived } from './deliver.js';
import { type Door, options } from './doors.js';

const python = existsSync('/usr/bin/python3') ? '/usr/bin/python3' : 'python3';
const script = fileURLToPath(new URL('composed.py', import.meta.url));
const dkim = {
  domain: 'example.test',
  selector: 'suite',
  privateKey: generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey,
};

test('Python finds no defect in forty messages, signed or not', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'fivewire-composed-'));
  try {
    for (const [i, message] of Object.values(fortyMessages()).entries()) {
      const { body } = await compose(message, i % 2 === 0 ? { dkim } : {});
      writeFileSync(join(folder, `${i}.eml`), await buffer(body));
    }
    const { stdout } = await promisify(execFile)(python, [script, folder]);
    expect(stdout).toBe(`${Object.keys(fortyMessages()).length} messages\n`);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

const doors: Door[] = [
  { server: 'postfix', port: 'submission', security: 'starttls' },
  { server: 'dovecot', port: 'submissions', security: 'implicit-tls' },
];

describe.each(doors)('through $server', (door) => {
  let smtp: SmtpClient;
  beforeAll(async () => {
    smtp = await SmtpClient.connect(options(door));
  });
  afterAll(() => smtp.quit());

  test.each(Object.entries(fortyMessages()))('%s arrives octet by octet', async (_, message) => {
    const id = randomUUID();
    const envelope = { from: 'alice@example.test', to: 'bob@example.test' };
    const given: ComposeMessage = {
      ...message,
      envelope,
      headers: { ...message.headers, 'X-Case': id },
    };
    const { body, envelope: checked } = await compose(given, { dkim });
    const octets = await buffer(body);
    await smtp.send(checked, octets);
    expect(await arrived('bob', id, 'X-Case')).toContain(octets.toString());
  });

  test('in one call, over a pool', async () => {
    const subject = randomUUID();
    const pool = createSmtpPool(options(door));
    try {
      const info = await sendMail(pool, {
        from: 'Alice <alice@example.test>',
        to: 'Bob <bob@example.test>',
        subject,
        text: 'Hello.\n',
      });
      expect(info).toMatchObject({ accepted: ['bob@example.test'], rejected: [] });
    } finally {
      await pool.close();
    }
    expect(await arrived('bob', subject)).toContain('\r\nHello.\r\n');
  });
});
