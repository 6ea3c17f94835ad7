/** Who may log in. Passwords are kept in clear: they are throwaways, and SCRAM, APOP and CRAM-MD5 need them. */

/** User names and their passwords. */
export type Users = Readonly<Record<string, string>>;

export class Accounts {
  readonly #passwords: ReadonlyMap<string, string>;
  readonly #tokens: ReadonlyMap<string, string>;

  /** @param tokens OAuth 2.0 access tokens by user name, for XOAUTH2 and OAUTHBEARER. */
  constructor(users: Users = {}, tokens: Users = {}) {
    this.#passwords = new Map(Object.entries(users));
    this.#tokens = new Map(Object.entries(tokens));
  }

  get names(): string[] {
    return [...this.#passwords.keys()];
  }

  get hasTokens(): boolean {
    return this.#tokens.size > 0;
  }

  has(user: string): boolean {
    return this.#passwords.has(user);
  }

  password(user: string): string | undefined {
    return this.#passwords.get(user);
  }

  accepts(user: string, password: string): boolean {
    return this.#passwords.get(user) === password;
  }

  acceptsToken(user: string, token: string): boolean {
    return this.#tokens.get(user) === token;
  }

  /** The user whose mail an address is: the whole address if it is a user name, else its local part. */
  recipient(address: string): string | undefined {
    if (this.has(address)) return address;
    const local = address.slice(0, address.lastIndexOf('@'));
    return this.has(local) ? local : undefined;
  }
}
