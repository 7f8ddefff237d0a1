/** The errors that the client itself raises, and how a stranger's exception becomes one of them. */
import { ERROR_CODES, type ErrorCode, HubError } from '../protocol/index.js';

export function isErrorCode(code: unknown): code is ErrorCode {
  return typeof code === 'string' && Object.hasOwn(ERROR_CODES, code);
}

/**
 * No connection, or one that broke: `unavailable`, and worth another try; arc-v1 §9.4 has the words. A hub that cannot prove
 * itself, or that speaks another way than it was spoken to, is no such case.
 */
export function connectionError(cause: unknown): HubError {
  const root = rootOf(cause);
  if (root instanceof HubError) return root;
  const text = describe(root);
  const code = root instanceof Error && 'code' in root ? String(root.code) : '';
  if (NOT_TLS.has(code) || /wrong version number|packet length too long/.test(text)) {
    return new HubError('bad_request', 'the hub speaks no TLS there: use http:// or ws://', undefined, { cause });
  }
  const distrust = DISTRUST[code];
  if (distrust !== undefined) return new HubError('unauthorized', `${distrust} (${text})`, undefined, { cause });
  return new HubError('unavailable', `connection error: ${text}`, undefined, { cause });
}

const NOT_TLS = new Set(['ERR_SSL_WRONG_VERSION_NUMBER', 'ERR_SSL_PACKET_LENGTH_TOO_LONG']);

const UNKNOWN =
  'the certificate of the hub is not known here: join the hub with its invite (arc join LINK), or give its fingerprint or CA';
const EXPIRED = 'the certificate of the hub has expired: its operator must renew it';
/** How Node names what is wrong with a certificate. */
const DISTRUST: Readonly<Record<string, string>> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: UNKNOWN,
  SELF_SIGNED_CERT_IN_CHAIN: UNKNOWN,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: UNKNOWN,
  UNABLE_TO_GET_ISSUER_CERT: UNKNOWN,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: UNKNOWN,
  CERT_HAS_EXPIRED: EXPIRED,
  CERT_NOT_YET_VALID: 'the certificate of the hub is not valid yet: is the clock here right?',
  ERR_TLS_CERT_ALTNAME_INVALID:
    'the certificate of the hub is for another name: use that name, or give its fingerprint',
};

export function timedOut(name: string, timeoutMs: number): HubError {
  return new HubError('timeout', `no answer to ${name} within ${timeoutMs} ms`);
}

export function cancelled(name: string, signal: AbortSignal): HubError {
  return new HubError('timeout', `${name} was cancelled`, { cancelled: true }, { cause: signal.reason });
}

export function clientClosed(): HubError {
  return new HubError('unavailable', 'the client is closed');
}

// fetch hides the reason one level down, and a name with several addresses hides it in an AggregateError.
function rootOf(cause: unknown): unknown {
  if (!(cause instanceof Error) || cause instanceof HubError) return cause;
  if (cause instanceof AggregateError && cause.errors.length > 0) return rootOf(cause.errors[0]);
  return cause.cause instanceof Error ? rootOf(cause.cause) : cause;
}

function describe(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  const code = 'code' in cause && typeof cause.code === 'string' ? cause.code : '';
  return cause.message || code || cause.name;
}
