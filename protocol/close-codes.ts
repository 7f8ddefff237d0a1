/** Why the hub ends a WebSocket, and what the client should do (websocket §10). */
export const CLOSE_CODES = {
  normal: { code: 1000, reason: 'closed', reconnect: false, client: 'nothing' },
  going_down: { code: 1001, reason: 'hub going down', reconnect: true, client: 'reconnect with back-off' },
  binary: { code: 1003, reason: 'binary frames are not accepted', reconnect: false, client: 'fix the client' },
  not_utf8: { code: 1007, reason: 'not UTF-8', reconnect: false, client: 'fix the client' },
  too_large: { code: 1009, reason: 'frame too large', reconnect: false, client: 'fix the client' },
  replaced: {
    code: 4001,
    reason: 'replaced by another connection',
    reconnect: false,
    client: 'stop, do not reconnect',
  },
  unauthorized: {
    code: 4003,
    reason: 'the token was revoked, has expired, or is no longer enough',
    reconnect: false,
    client: 'stop until there is another token',
  },
  stalled: { code: 4008, reason: 'accepted no data', reconnect: true, client: 'reconnect from its last id' },
  rate_limited: { code: 4029, reason: 'rate limit exceeded', reconnect: true, client: 'back off' },
} as const;

export type CloseReason = keyof typeof CLOSE_CODES;

/** Whether a client should open a new connection after this close code; unknown codes are worth another try. */
export function mayReconnect(code: number): boolean {
  for (const entry of Object.values(CLOSE_CODES)) if (entry.code === code) return entry.reconnect;
  return true;
}
