/** The line that brings an agent to a hub on another machine (identity §6): where it is, by what it is known, and a token. */
import { isIP } from 'node:net';
import { HubError } from '../../protocol/errors.js';

export interface Invite {
  /** Without brackets. */
  readonly host: string;
  readonly port: number;
  /** The hub's key; undefined for a hub without TLS. */
  readonly fingerprint?: string | undefined;
  readonly token: string;
}

/** `arc://HOST:PORT?fp=…#TOKEN`, or `arc://HOST:PORT?tls=0#TOKEN` for a hub without TLS. */
export function formatInvite({ host, port, fingerprint, token }: Invite): string {
  const name = isIP(host) === 6 ? `[${host}]` : host;
  return `arc://${name}:${port}?${fingerprint === undefined ? 'tls=0' : `fp=${fingerprint}`}#${token}`;
}

/** The command to paste. Quoted, since `?` and `#` mean something to shells. */
export const joinCommand = (invite: Invite): string => `arc join '${formatInvite(invite)}'`;

/** The URL that the hub of an invite goes by from then on. */
export function inviteUrl({ host, port, fingerprint }: Invite): string {
  const name = isIP(host) === 6 ? `[${host}]` : host.toLowerCase();
  return new URL(`${fingerprint === undefined ? 'http' : 'https'}://${name}:${port}`).origin;
}

/** @throws {HubError} `bad_request`: what is wrong with it; the token in it is not repeated */
export function parseInvite(link: string): Invite {
  const [, host = '', port = '', query = '', token = ''] =
    /^arc:\/\/(\[[\da-f:.]+\]|[^\s/:?#[\]@]+):(\d{1,5})\/?(?:\?([^#\s]*))?#(\S+)$/i.exec(link.trim()) ?? [];
  if (token === '') throw new HubError('bad_request', 'not an invite: it looks like arc://HOST:PORT?fp=…#TOKEN');
  if (Number(port) < 1 || Number(port) > 65_535)
    throw new HubError('bad_request', `not an invite: there is no port ${port}`);
  if (!/^arct_[\w-]{10}_[\w-]{43}$/.test(token)) {
    throw new HubError('bad_request', 'not an invite: what follows # is no token; is it cut off?');
  }
  const fields = new URLSearchParams(query);
  const fingerprint = fields.get('fp') ?? undefined;
  if (fingerprint === undefined && fields.get('tls') !== '0') {
    throw new HubError(
      'bad_request',
      'not an invite: it names no fingerprint (fp=…); was it pasted without its quotes?',
    );
  }
  if (fingerprint !== undefined && !/^[\w-]{43}$/.test(fingerprint)) {
    throw new HubError('bad_request', 'not an invite: its fingerprint must be 43 letters of base64url; is it cut off?');
  }
  return { host: host.replace(/^\[|\]$/g, ''), port: Number(port), fingerprint, token };
}
