/**
 * What happened on the wire, masked by construction: lines come here as they may be shown.
 * Three sinks, all off until asked for: the caller's `log`, `node:diagnostics_channel`, and `NODE_DEBUG=fivewire`.
 */
import diagnostics, { type Channel } from 'node:diagnostics_channel';
import { debuglog } from 'node:util';
import { escapeText, type ProtocolName } from 'tls-context-core';

export type WireEventType = 'open' | 'send' | 'receive' | 'tls' | 'auth' | 'close';

export interface WireEvent {
  type: WireEventType;
  protocol: ProtocolName;
  /** Numbers the connections of this process. */
  connection: number;
  /** The line, masked and escaped; for `open` the peer, for `tls` version and cipher, for `auth` what the login went
   * on without, for `close` the reason. */
  text: string;
  /** Milliseconds since the epoch. */
  time: number;
}

export interface WireLog {
  /** False without a listener: then there is nothing to build. */
  readonly active: boolean;
  event(type: WireEventType, text: string): void;
}

let connections = 0;
const debug = debuglog('fivewire');
const arrows: Record<WireEventType, string> = {
  open: '--',
  send: 'C:',
  receive: 'S:',
  tls: '--',
  auth: '--',
  close: '--',
};

/** Channels are named `fivewire:<protocol>:<event>`. */
export function createWireLog(
  protocol: ProtocolName,
  listener?: (event: WireEvent) => void,
): WireLog {
  const connection = ++connections;
  const channels = Object.fromEntries(
    Object.keys(arrows).map((type) => [type, diagnostics.channel(`fivewire:${protocol}:${type}`)]),
  ) as Record<WireEventType, Channel>;
  const all = Object.values(channels);
  return {
    get active() {
      for (const channel of all) if (channel.hasSubscribers) return true;
      return listener !== undefined || debug.enabled;
    },
    event(type, text) {
      const channel = channels[type];
      if (listener === undefined && !debug.enabled && !channel.hasSubscribers) return;
      const event: WireEvent = {
        type,
        protocol,
        connection,
        text: escapeText(text, 2_000),
        time: Date.now(),
      };
      debug('%s %d %s %s', protocol, connection, arrows[type], event.text);
      channel.publish(event);
      try {
        listener?.(event);
      } catch {
        // A log that throws is the caller's trouble; the dialogue goes on.
      }
    },
  };
}
