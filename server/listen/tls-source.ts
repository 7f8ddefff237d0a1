import { dirname } from 'node:path';
import type { Clock } from '../../base/clock.js';
import { homePath } from '../../base/home-path.js';
import type { HubConfig } from '../config.js';
import type { HubLog } from '../domain/hub.js';
import { OwnCertificate } from './own-certificate.js';
import { PemFiles } from './pem-files.js';
import type { TlsPair } from './tls-pair.js';

/** Where the certificate comes from, and who tells when there is another. */
export interface TlsSource {
  /** The newest that is good. */
  readonly pair: TlsPair;
  onChange(listener: (pair: TlsPair) => void): void;
  /** Looks at once whether there is another; one that is no good is told to the log, and the present one stays. */
  reload(): Promise<void>;
  close(): void;
}

/**
 * Undefined without TLS.
 * @param storage the store, beside which the hub keeps a certificate of its own
 * @throws {ConfigError} a file cannot be read, or is not what it should be
 */
export async function openTls(
  config: Pick<HubConfig, 'tls' | 'tls_cert' | 'tls_key' | 'host'>,
  storage: string,
  clock: Clock,
  log: HubLog,
): Promise<TlsSource | undefined> {
  if (config.tls === 'auto') return OwnCertificate.open(dirname(storage), config.host, clock, log);
  return config.tls_cert === ''
    ? undefined
    : PemFiles.open(homePath(config.tls_cert), homePath(config.tls_key), clock, log);
}
