/**
 * What no server could make right is refused before there is a connection: by the same checks as later, against a server that offers all
 * and limits nothing.
 */
import { Readable } from 'node:stream';
import { checkOptions } from '@fivewire/line-protocol';
import { BodySource } from './body-source.js';
import { etrnLine, helpLine, lookUpLine } from './command-lines.js';
import { messageByUrl, prepareMessage } from './message.js';
import { callRules } from './options.js';
import { rawCommand } from './raw-command.js';
import type { Session } from './session.js';
import type { CallOptions, Envelope, Extensions, SendOptions, SmtpOptions } from './types.js';

const everything = { has: () => true, get: () => undefined } as unknown as Extensions;

/** Each throws UsageError `ERR_ARGUMENT` or `ERR_STATE`. */
export interface CallChecks {
  send(envelope: Envelope, source: BodySource, options: SendOptions): void;
  sendUrl(envelope: Envelope, url: string, options?: SendOptions): void;
  probe(envelope: Envelope, options?: CallOptions): void;
  verify(address: string, options?: CallOptions): void;
  expand(list: string, options?: CallOptions): void;
  help(topic?: string, options?: CallOptions): void;
  etrn(domain: string, options?: CallOptions): void;
  noop(options?: CallOptions): void;
  command(verb: string, args?: readonly string[], options?: CallOptions): void;
}

export function callChecks({
  protocol,
  security,
}: Pick<SmtpOptions, 'protocol' | 'security'>): CallChecks {
  const verified = security !== 'cleartext';
  const session = {
    extensions: everything,
    lmtp: protocol === 'lmtp',
    chunking: false,
    connection: { secureStream: { security: { verified } } },
  } as unknown as Session;
  const unwritten = new BodySource(Readable.from([]));
  const prepare = (envelope: Envelope, options: SendOptions, source = unwritten) =>
    prepareMessage(session, envelope, source, options, false);
  return {
    send(envelope, source, options) {
      prepare(envelope, options, source);
    },
    sendUrl(envelope, url, options = {}) {
      messageByUrl(session, prepare(envelope, options), url);
    },
    probe(envelope, options = {}) {
      checkOptions(options, callRules);
      prepare(envelope, options);
    },
    verify(address, options = {}) {
      checkOptions(options, callRules);
      lookUpLine(everything, 'VRFY', address);
    },
    expand(list, options = {}) {
      checkOptions(options, callRules);
      lookUpLine(everything, 'EXPN', list);
    },
    help(topic, options = {}) {
      checkOptions(options, callRules);
      helpLine(everything, topic);
    },
    etrn(domain, options = {}) {
      checkOptions(options, callRules);
      etrnLine(domain);
    },
    noop(options = {}) {
      checkOptions(options, callRules);
    },
    command(verb, args = [], options = {}) {
      checkOptions(options, callRules);
      rawCommand(everything, verb, args);
    },
  };
}
