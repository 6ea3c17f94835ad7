/** SASL for the five clients: which mechanism, and each mechanism's steps, without I/O (RFC 4422). */
export type * from './types.js';
