/** Where a hub is, as whom one comes, and by what it is known again. */
import { DEFAULT_BASE_URL, HubError } from '../protocol/index.js';

export interface AccessOptions {
  /**
   * `http://`, `https://`, `ws://` or `wss://`, with or without a slash at the end; under Node also `unix:PATH`.
   * Default: under Node `ARC_BASE_URL`, or the hub of this folder or one above; else the usual place.
   */
  readonly baseUrl?: string | undefined;
  /**
   * Who the caller is (identity §2). Default, under Node: `ARC_TOKEN`, else what the credentials file holds for the hub's
   * address, else the operator's token beside the store of a hub of this account.
   */
  readonly token?: string | undefined;
  /**
   * The hub's key: SHA-256 of its public key (SPKI, DER), base64url. Only a hub that shows it is spoken to, whoever signed its
   * certificate. Default, under Node: as for `token`. Node only.
   */
  readonly fingerprint?: string | undefined;
  /** Certificates in PEM that the hub's must be signed by, instead of the usual authorities. Node only. */
  readonly ca?: string | undefined;
}

export interface Access extends AccessOptions {
  readonly baseUrl: string;
}

/**
 * Fills in what the caller left open. Each new connection asks again, so that a token that was renewed is taken up.
 *
 * @param agentId whose token is wanted, where the credentials file holds several for one hub
 * @throws {HubError} `unauthorized`: the credentials file cannot be trusted; the text says why, and what to do
 */
export async function findAccess(options: AccessOptions, agentId: string | undefined): Promise<Access> {
  const access = isNode()
    ? (await import('./credentials/resolve.js')).resolveAccess(options, agentId)
    : { ...options, baseUrl: options.baseUrl ?? DEFAULT_BASE_URL };
  // What no header can carry would come back in the platform's error, for all to read.
  if (access.token !== undefined && !/^[\x21-\x7e]+$/.test(access.token)) {
    throw new HubError('unauthorized', 'the token holds characters that no token has: is it the right one?');
  }
  const isSecure = /^(https|wss):/i.test(access.baseUrl);
  if (!isSecure && (options.fingerprint !== undefined || options.ca !== undefined)) {
    throw new HubError(
      'bad_request',
      `a fingerprint or a CA needs a hub with TLS, and ${access.baseUrl} names one without`,
    );
  }
  return access;
}

/** Whether the platform's own connections do not do: they neither pin keys nor know Unix sockets. */
export const needsOwnConnection = ({ baseUrl, fingerprint, ca }: Access): boolean =>
  fingerprint !== undefined || ca !== undefined || /^unix:/i.test(baseUrl);

export function isNode(): boolean {
  return typeof process === 'object' && typeof process.versions?.node === 'string';
}
