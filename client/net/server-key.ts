/** What a hub proves itself by: the key of its certificate, and that the certificate is of now. */
import { createHash } from 'node:crypto';
import type { TLSSocket } from 'node:tls';
import { HubError } from '../../protocol/index.js';

export interface ServerKey {
  /** SHA-256 of the public key (SPKI, DER), base64url. */
  readonly fingerprint: string;
  readonly fromMs: number;
  readonly endsMs: number;
}

/** Of a connection whose handshake is done. */
export function keyOf(socket: TLSSocket): ServerKey {
  const certificate = socket.getPeerX509Certificate();
  if (certificate === undefined) throw new HubError('unavailable', 'connection error: the connection was closed');
  const { publicKey, validFrom, validTo } = certificate;
  const der = publicKey.export({ type: 'spki', format: 'der' });
  const fingerprint = createHash('sha256').update(der).digest('base64url');
  return { fingerprint, fromMs: Date.parse(validFrom), endsMs: Date.parse(validTo) };
}

/**
 * @param url how the hub is called in the text
 * @throws {HubError} `unauthorized`: another key, or a certificate out of its time
 */
export function checkKey(key: ServerKey, pinned: string, url: string): void {
  if (key.fingerprint !== pinned) {
    throw new HubError(
      'unauthorized',
      `the hub at ${url} shows another key than the one it is known by (${key.fingerprint}, not ${pinned}). Somebody may be ` +
        'answering in its place; or the hub was made anew. Ask its operator, and only if it was, accept it with its new ' +
        'invite: arc join --again LINK',
      { expected: pinned, shown: key.fingerprint },
    );
  }
  checkTime(key, url);
}

/** @throws {HubError} `unauthorized` */
export function checkTime({ fromMs, endsMs }: ServerKey, url: string): void {
  const nowMs = Date.now();
  if (nowMs > endsMs) {
    const when = new Date(endsMs).toISOString();
    throw new HubError(
      'unauthorized',
      `the certificate of the hub at ${url} expired at ${when}: its operator must renew it`,
    );
  }
  if (nowMs < fromMs) {
    const when = new Date(fromMs).toISOString();
    throw new HubError(
      'unauthorized',
      `the certificate of the hub at ${url} is valid from ${when} on: is the clock here right?`,
    );
  }
}
