/** What the server says it can: CAPA, RFC 2449. */
import { CapabilityList } from '@fivewire/line-protocol';

/** Days that mail stays, or `'never'` expires; `perUser` where the figure may be another one after login. */
export interface Expire {
  days: number | 'never';
  perUser: boolean;
}

/** The least pause between two logins; `perUser` where the figure may be another one after login. */
export interface LoginDelay {
  seconds: number;
  perUser: boolean;
}

export class Pop3Capabilities extends CapabilityList {
  /** SASL mechanisms, RFC 5034. */
  get sasl(): readonly string[] {
    return this.arguments('SASL').map((name) => name.toUpperCase());
  }

  /** EXPIRE, RFC 2449 §6.7. */
  get expire(): Expire | undefined {
    const [days = '', scope] = this.arguments('EXPIRE');
    const perUser = scope?.toUpperCase() === 'USER';
    if (days.toUpperCase() === 'NEVER') return { days: 'never', perUser };
    return /^\d{1,9}$/.test(days) ? { days: Number(days), perUser } : undefined;
  }

  /** LOGIN-DELAY, RFC 2449 §6.5. */
  get loginDelay(): LoginDelay | undefined {
    const [seconds = '', scope] = this.arguments('LOGIN-DELAY');
    if (!/^\d{1,9}$/.test(seconds)) return undefined;
    return { seconds: Number(seconds), perUser: scope?.toUpperCase() === 'USER' };
  }
}
