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

  it('refuses what makes no sense', () => {
    const wrong = expect.objectContaining({ code: 'ERR_ARGUMENT' });
    const made = (more: object) => () =>
      new Article({ ...fields, subject: 's', body: 'b', ...more } as never);
    expect(made({ cancelSecret: '' })).toThrow(wrong);
    expect(made({ cancelSecret: 1 })).toThrow(wrong);
    expect(made({ supersedes: '1@x' })).toThrow(wrong);
    expect(made({ headers: { Control: 'cancel <1@x>' } })).toThrow(wrong);
    expect(() => Article.cancel('none', fields)).toThrow(wrong);
  });
});
