/** As much of dns-packet as is used here; it comes without types. */
declare module 'dns-packet' {
  export interface Question {
    name: string;
    type: string;
    class?: string;
  }
  export interface Answer {
    name: string;
    type: string;
    ttl?: number;
    data?: unknown;
  }
  export interface Packet {
    type?: 'query' | 'response';
    id?: number;
    flags?: number;
    flag_tc?: boolean;
    flag_ad?: boolean;
    flag_ra?: boolean;
    rcode?: string;
    questions?: Question[];
    answers?: Answer[];
    additionals?: unknown[];
  }
  export function encode(packet: Packet): Buffer;
  export function decode(octets: Uint8Array): Packet;
  export const RECURSION_DESIRED: number;
  export const AUTHENTIC_DATA: number;
}
