/** Cancel-Lock and Cancel-Key, RFC 8315, and the articles that carry them. */
import { describe, expect, it } from 'vitest';
import { Article, cancelKey, cancelLock, opensLock } from '../src/index.js';

const secret = 'ExampleSecret';

describe('the examples of RFC 8315 §5', () => {
  it('keys and locks', () => {
    expect(cancelKey(secret, '<12345@mid.example>')).toBe(
      'sha256:qv1VXHYiCGjkX/N1nhfYKcAeUn8bCVhrWhoKuBSnpMA=',
    );
    expect(cancelLock(Buffer.from(secret), '<12345@mid.example>')).toBe(
      'sha256:s/pmK/3grrz++29ce2/mQydzJuc7iqHn1nqcJiQTPMc=',
    );
    const key = 'sha256:sSkDke97Dh78/d+Diu1i3dQ2Fp/EMK3xE2GfEqZlvK8=';
    const lock = 'sha256:RrKLp7YCQc9T8HmgSbxwIDlnCDWsgy1awqtiDuhedRo=';
    expect(opensLock(key, `sha1:bNXHc6ohSmeHaRHHW56BIWZJt+4= ${lock}`)).toBe(true);
    expect(opensLock(key, cancelLock(secret, '<a@x>'))).toBe(false);
    expect(opensLock('', '')).toBe(false);
  });
});

describe('Article', () => {
  const fields = { from: 'a@b.example', newsgroups: 'x.y', date: new Date(0) };
  const lines = (article: Article) => article.toBuffer().toString().split('\r\n');

  it('carries its lock; superseding and cancelling carry the key to it', () => {
    const first = new Article({
      ...fields,
      subject: 's',
      body: 'b',
      messageId: '<1@x>',
      cancelSecret: secret,
    });
    const lock = lines(first).find((line) => line.startsWith('Cancel-Lock:')) as string;
    expect(lock).toBe(`Cancel-Lock: ${cancelLock(secret, '<1@x>')}`);
    const second = new Article({
      ...fields,
      subject: 's2',
      body: 'b',
      supersedes: '<1@x>',
      cancelSecret: secret,
    });
    const cancel = Article.cancel('<1@x>', { ...fields, cancelSecret: secret, reason: 'Oops' });
    for (const article of [second, cancel]) {
      const key = lines(article).find((line) => line.startsWith('Cancel-Key:')) as string;
      expect(opensLock(key.slice(11), lock.slice(12))).toBe(true);
      expect(lines(article).some((line) => line.startsWith('Cancel-Lock:'))).toBe(true);
    }
    expect(lines(second)).toContain('Supersedes: <1@x>');
    expect(lines(cancel)).toContain('Control: cancel <1@x>');
    expect(lines(cancel)).toContain('Subject: cmsg cancel <1@x>');
    expect(lines(cancel)).toContain('Oops');
  });

  it('of several secrets each gives a lock, and a key, in one header', () => {
    const both = [secret, Buffer.from('AnotherSecret')];
    const one = new Article({
      ...fields,
      subject: 's',
      body: 'b',
      messageId: '<1@x>',
      cancelSecret: both,
    });
    const locks = lines(one).filter((line) => line.startsWith('Cancel-Lock: '));
    expect(locks).toHaveLength(1);
    const whole = lines(one).join('').split('Cancel-Lock: ')[1]?.split('MIME')[0] as string;
    for (const each of both) {
      const cancel = Article.cancel('<1@x>', { ...fields, cancelSecret: each });
      const key = lines(cancel).find((line) => line.startsWith('Cancel-Key: ')) as string;
      expect(opensLock(key.slice(12), whole)).toBe(true);
      expect(opensLock(whole, key.slice(12))).toBe(false);
    }
    const cancel = lines(Article.cancel('<1@x>', { ...fields, cancelSecret: both })).join('');
    expect(opensLock(cancel.split('Cancel-Key: ')[1] as string, cancelLock(secret, '<1@x>'))).toBe(
      true,
    );
  });

  it('what only looks like a key opens nothing', () => {
    const key = cancelKey(secret, '<1@x>');
    const lock = cancelLock(secret, '<1@x>');
    for (const other of [
      `${key}x`,
      `(${key})`,
      `( ${key} )`,
      key.replace('sha256', 'sha512'),
      'sha256:',
      key.slice(0, -1),
    ])
      expect(opensLock(other, lock)).toBe(false);
    expect(opensLock(key, `( ${lock} )`)).toBe(false);
    expect(opensLock(key, lock.toUpperCase())).toBe(false);
    expect(opensLock(`sha512:abc=\r\n\t${key}`, `(mine) ${lock},sha1:x=`)).toBe(true);
  });

  it('refuses what makes no sense', () => {
    const wrong = expect.objectContaining({ code: 'ERR_ARGUMENT' });
    const made = (more: object) => () =>
      new Article({ ...fields, subject: 's', body: 'b', ...more } as never);
    expect(made({ cancelSecret: '' })).toThrow(wrong);
    expect(made({ cancelSecret: 1 })).toThrow(wrong);
    expect(made({ cancelSecret: [] })).toThrow(wrong);
    expect(made({ cancelSecret: [secret, ''] })).toThrow(wrong);
    expect(made({ cancelSecret: secret, headers: { 'Cancel-Lock': 'sha256:a=' } })).toThrow(wrong);
    expect(made({ cancelSecret: secret, headers: { 'cancel-key': 'sha256:a=' } })).toThrow(wrong);
    expect(made({ supersedes: '1@x' })).toThrow(wrong);
    expect(made({ headers: { Control: 'cancel <1@x>' } })).toThrow(wrong);
    expect(() => Article.cancel('none', fields)).toThrow(wrong);
  });
});
