/** Both sides have other octets: what is there is no part to go on from. */
import { TransferError } from '@fivewire/line-protocol';

export class Mismatch extends TransferError {}
