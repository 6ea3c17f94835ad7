/** Who may log in. Passwords are kept in clear: they are throwaways, and SCRAM, APOP and CRAM-MD5 need them. */

/** User names and their passwords. */
export type Users = Readonly<Record<string, string>>;

/** All accounts at one moment. */
export interface AccountsSnapshot {
  readonly users: Users;
  readonly tokens: Users;
}

export class Accounts {
  /** What a user who is not known yet may log in with; `undefined`: only those who are known may. */
  readonly newcomerPassword: string | undefined;
  readonly #passwords: Map<string, string>;
  readonly #tokens: Map<string, string>;

  /**
   * @param tokens OAuth 2.0 access tokens by user name, for XOAUTH2 and OAUTHBEARER.
   * @param newcomerPassword with it, a user that is not known is made when he gets mail or logs in with this password.
   */
  constructor(users: Users = {}, tokens: Users = {}, newcomerPassword?: string) {
    this.#passwords = new Map(Object.entries(users));
    this.#tokens = new Map(Object.entries(tokens));
    this.newcomerPassword = newcomerPassword;
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

  /** Makes a user, or gives one another password. */
  add(user: string, password: string, accessToken?: string): void {
    this.#passwords.set(user, password);
    if (accessToken !== undefined) this.#tokens.set(user, accessToken);
  }

  /** Takes a user away: later logins fail. Mail and connections stay. */
  remove(user: string): void {
    this.#passwords.delete(user);
    this.#tokens.delete(user);
  }

  /** Makes a user of a newcomer who has got mail or logged in. */
  welcome(user: string): void {
    if (this.newcomerPassword !== undefined && !this.has(user))
      this.add(user, this.newcomerPassword);
  }

  password(user: string): string | undefined {
    return this.#passwords.get(user) ?? this.newcomerPassword;
  }

  accepts(user: string, password: string): boolean {
    if (this.password(user) !== password) return false;
    this.welcome(user);
    return true;
  }

  acceptsToken(user: string, token: string): boolean {
    return this.#tokens.get(user) === token;
  }

  /**
   * The user whose mail an address is: the whole address if it is a user name, else its local part; where newcomers are
   * welcome, a new one with the address for a name.
   */
  recipient(address: string): string | undefined {
    if (this.has(address)) return address;
    const local = address.slice(0, address.lastIndexOf('@'));
    if (this.has(local)) return local;
    if (this.newcomerPassword === undefined || address === '') return undefined;
    this.welcome(address);
    return address;
  }

  snapshot(): AccountsSnapshot {
    return {
      users: Object.fromEntries(this.#passwords),
      tokens: Object.fromEntries(this.#tokens),
    };
  }

  restore({ users, tokens }: AccountsSnapshot): void {
    this.#passwords.clear();
    this.#tokens.clear();
    for (const [user, password] of Object.entries(users)) this.#passwords.set(user, password);
    for (const [user, token] of Object.entries(tokens)) this.#tokens.set(user, token);
  }
}
