/** The peer is gone, or was sent away: the conversation simply ends. */
export class SessionEnded extends Error {}
