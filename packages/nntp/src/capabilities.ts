/** What the server says it can: CAPABILITIES, RFC 3977 §5.2. */
import { CapabilityList } from '@fivewire/line-protocol';

export class NntpCapabilities extends CapabilityList {
  /** SASL mechanisms, RFC 4643 §2.1; only where AUTHINFO SASL is allowed now. */
  get sasl(): readonly string[] {
    return this.has('AUTHINFO', 'SASL')
      ? this.arguments('SASL').map((name) => name.toUpperCase())
      : [];
  }
}
