/**
 * `--tls auto`: a certificate that the hub signs itself, made once beside the store. Clients know the hub by its key, so the
 * key stays when the certificate is renewed (identity §6).
 */
import { createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto';
import { isIP } from 'node:net';
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { Clock, Timer } from '../../base/clock.js';
import { createPrivateFile, PrivateFileError, readPrivateFile, writePrivateFile } from '../../base/private-file.js';
import { makeFolder } from '../../base/sharing.js';
import { ConfigError } from '../config.js';
import type { HubLog } from '../domain/hub.js';
import { type TlsPair, tlsPair } from './tls-pair.js';
import type { TlsSource } from './tls-source.js';

export const KEY_FILE = '.arc.tls-key.pem';
export const CERT_FILE = '.arc.tls-cert.pem';

const DAY_MS = 86_400_000;
const LASTS_MS = 365 * DAY_MS;
const RENEWED_BEFORE_MS = 30 * DAY_MS;
/** Clocks of clients may be behind. */
const BACKDATED_MS = 3_600_000;
const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };

export class OwnCertificate implements TlsSource {
  readonly #folder: string;
  readonly #host: string;
  readonly #clock: Clock;
  readonly #log: HubLog;
  #pair: TlsPair;
  #listener: (pair: TlsPair) => void = () => undefined;
  #next: Timer;

  private constructor(folder: string, host: string, clock: Clock, log: HubLog, pair: TlsPair) {
    this.#folder = folder;
    this.#host = host;
    this.#clock = clock;
    this.#log = log;
    this.#pair = pair;
    this.#next = this.#lookTomorrow();
  }

  /** @throws {ConfigError} a file that is there cannot be used */
  static async open(folder: string, host: string, clock: Clock, log: HubLog): Promise<OwnCertificate> {
    return new OwnCertificate(folder, host, clock, log, await currentPair(folder, host, clock.nowMs()));
  }

  get pair(): TlsPair {
    return this.#pair;
  }

  onChange(listener: (pair: TlsPair) => void): void {
    this.#listener = listener;
  }

  async reload(): Promise<void> {
    let pair: TlsPair;
    try {
      pair = await currentPair(this.#folder, this.#host, this.#clock.nowMs());
    } catch (cause) {
      this.#log.error(
        { problem: (cause as Error).message },
        'the certificate cannot be renewed; the present one stays',
      );
      return;
    }
    if (pair.cert === this.#pair.cert) return;
    this.#pair = pair;
    this.#log.info({ ends: new Date(pair.endsMs).toISOString() }, 'certificate renewed');
    this.#listener(pair);
  }

  close(): void {
    this.#next.cancel();
  }

  #lookTomorrow(): Timer {
    return this.#clock.after(DAY_MS, () => {
      void this.reload();
      this.#next = this.#lookTomorrow();
    });
  }
}

/** The certificate that lies in the folder; a new one, with the key that lies there, when it nears its end. */
async function currentPair(folder: string, host: string, nowMs: number): Promise<TlsPair> {
  const [keyPath, certPath] = [join(folder, KEY_FILE), join(folder, CERT_FILE)];
  try {
    makeFolder(folder, 'owner');
    const key = keyOf(keyPath);
    const pair = usable(readPrivateFile(certPath), key, certPath, keyPath);
    if (pair !== undefined && pair.endsMs - nowMs > RENEWED_BEFORE_MS) return pair;
    const cert = await selfSigned(key, host, nowMs);
    const made = tlsPair(cert, key, certPath, keyPath);
    writePrivateFile(certPath, cert);
    return made;
  } catch (cause) {
    if (cause instanceof ConfigError) throw cause;
    const why = cause instanceof PrivateFileError ? cause.message : `${folder}: ${(cause as Error).message}`;
    throw new ConfigError(`--tls auto: ${why}`);
  }
}

/** Made once; of two hubs that start at once on one store, the second takes the key of the first. */
function keyOf(path: string): string {
  const there = readPrivateFile(path);
  if (there === undefined) {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: ALGORITHM.namedCurve });
    const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    if (createPrivateFile(path, pem)) return pem;
  }
  const key = there ?? readPrivateFile(path) ?? '';
  try {
    createPrivateKey(key);
    return key;
  } catch {
    const cost = 'the hub makes another when it is removed, which everyone who has joined must then accept';
    throw new ConfigError(`--tls auto: ${path} is no private key: restore it (${cost})`);
  }
}

/** Undefined for one that is missing, damaged, or of another key: it is made anew, and nobody notices. */
function usable(cert: string | undefined, key: string, certPath: string, keyPath: string): TlsPair | undefined {
  try {
    return cert === undefined ? undefined : tlsPair(cert, key, certPath, keyPath);
  } catch {
    return undefined;
  }
}

async function selfSigned(key: string, host: string, nowMs: number): Promise<string> {
  // Only a hub that makes a certificate pays for this; it needs the polyfill before it is loaded.
  await import('reflect-metadata');
  const x509 = await import('@peculiar/x509');
  const { subtle } = globalThis.crypto;
  const der = (pem: string) => createPrivateKey(pem).export({ type: 'pkcs8', format: 'der' });
  const spki = createPublicKey(key).export({ type: 'spki', format: 'der' });
  const keys = {
    privateKey: await subtle.importKey('pkcs8', der(key), ALGORITHM, false, ['sign']),
    publicKey: await subtle.importKey('spki', spki, ALGORITHM, true, ['verify']),
  };
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: 'CN=Arc Hub',
    keys,
    signingAlgorithm: ALGORITHM,
    notBefore: new Date(nowMs - BACKDATED_MS),
    notAfter: new Date(nowMs + LASTS_MS),
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.SubjectAlternativeNameExtension(namesOf(host)),
    ],
  });
  return certificate.toString('pem');
}

/** For clients that are given the certificate itself and compare names; those that pin the key do not. */
function namesOf(host: string): { type: 'dns' | 'ip'; value: string }[] {
  const own = hostname().toLowerCase();
  const bare = own.replace(/\.local$/, '');
  const hosts = new Set(['localhost', '127.0.0.1', '::1', own, `${bare}.local`, host.replace(/^\[|\]$/g, '')]);
  return [...hosts]
    .filter((name) => /^[a-z0-9.-]+$/i.test(name) || isIP(name) !== 0)
    .filter((name) => name !== '0.0.0.0' && name !== '::')
    .map((value) => ({ type: isIP(value) === 0 ? 'dns' : 'ip', value }));
}
