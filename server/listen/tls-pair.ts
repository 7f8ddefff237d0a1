import { createHash, createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import { ConfigError } from '../config.js';

/** A certificate with its key, known to fit each other. */
export interface TlsPair {
  /** PEM; may hold the chain below it. */
  readonly cert: string;
  /** PEM. */
  readonly key: string;
  /** What clients pin: SHA-256 of the public key (SPKI, DER), base64url. It outlives a renewal with the same key. */
  readonly fingerprint: string;
  readonly endsMs: number;
}

/**
 * @param cert PEM, which errors call `certName`
 * @throws {ConfigError} what it is not, and what to do
 */
export function tlsPair(cert: string, key: string, certName: string, keyName: string): TlsPair {
  const certificate = readCertificate(cert, certName);
  const privateKey = readKey(key, keyName);
  if (!certificate.checkPrivateKey(privateKey)) {
    throw new ConfigError(
      `the key ${keyName} does not belong to the certificate ${certName}: give the two that were made together`,
    );
  }
  try {
    createSecureContext({ cert, key });
  } catch (cause) {
    throw new ConfigError(`TLS cannot use ${certName} and ${keyName}: ${(cause as Error).message}`);
  }
  return { cert, key, fingerprint: fingerprintOf(certificate), endsMs: Date.parse(certificate.validTo) };
}

function readCertificate(pem: string, name: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch {
    throw new ConfigError(`${name} is no certificate: it must be PEM, with -----BEGIN CERTIFICATE-----`);
  }
}

function readKey(pem: string, name: string): KeyObject {
  try {
    return createPrivateKey(pem);
  } catch (cause) {
    const isLocked = (cause as NodeJS.ErrnoException).code === 'ERR_MISSING_PASSPHRASE' || pem.includes('ENCRYPTED');
    const problem = isLocked ? 'is locked by a passphrase: give it without one' : 'is no private key: it must be PEM';
    throw new ConfigError(`${name} ${problem}${isLocked ? '' : ', with -----BEGIN PRIVATE KEY-----'}`);
  }
}

const fingerprintOf = ({ publicKey }: X509Certificate) =>
  createHash('sha256')
    .update(publicKey.export({ type: 'spki', format: 'der' }))
    .digest('base64url');
