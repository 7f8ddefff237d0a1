/** A certificate and a key that somebody else keeps, such as an ACME client: read again when they change. */
import { readFileSync, type Stats, unwatchFile, watchFile } from 'node:fs';
import type { Clock } from '../../base/clock.js';
import { ConfigError } from '../config.js';
import type { HubLog } from '../domain/hub.js';
import { type TlsPair, tlsPair } from './tls-pair.js';
import type { TlsSource } from './tls-source.js';

/** Looking is the one way that sees every change: of the file, of a link to it, and of a folder above that is swapped. */
const LOOK_MS = 2_000;
/** The two files change one after the other. */
const SETTLE_MS = 500;

export class PemFiles implements TlsSource {
  readonly #cert: string;
  readonly #key: string;
  readonly #log: HubLog;
  #pair: TlsPair;
  #listener: (pair: TlsPair) => void = () => undefined;
  #settling: NodeJS.Timeout | undefined;

  private constructor(cert: string, key: string, log: HubLog) {
    this.#cert = cert;
    this.#key = key;
    this.#log = log;
    this.#pair = this.#read();
    for (const path of [cert, key]) watchFile(path, { interval: LOOK_MS, persistent: false }, this.#changed);
  }

  /** @throws {ConfigError} */
  static open(cert: string, key: string, clock: Clock, log: HubLog): PemFiles {
    const files = new PemFiles(cert, key, log);
    if (files.pair.endsMs < clock.nowMs()) {
      log.warn(
        { cert, ended: new Date(files.pair.endsMs).toISOString() },
        'the certificate has expired: clients refuse it',
      );
    }
    return files;
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
      pair = this.#read();
    } catch (cause) {
      this.#log.error(
        { problem: (cause as Error).message },
        'the new certificate cannot be used; the present one stays',
      );
      return;
    }
    if (pair.cert === this.#pair.cert && pair.key === this.#pair.key) return;
    this.#pair = pair;
    this.#log.info({ cert: this.#cert, ends: new Date(pair.endsMs).toISOString() }, 'certificate reloaded');
    this.#listener(pair);
  }

  close(): void {
    for (const path of [this.#cert, this.#key]) unwatchFile(path, this.#changed);
    clearTimeout(this.#settling);
  }

  readonly #changed = (now: Stats, before: Stats): void => {
    if (now.mtimeMs === before.mtimeMs && now.ino === before.ino && now.size === before.size) return;
    clearTimeout(this.#settling);
    this.#settling = setTimeout(() => void this.reload(), SETTLE_MS).unref();
  };

  #read(): TlsPair {
    return tlsPair(readText(this.#cert), readText(this.#key), this.#cert, this.#key);
  }
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    const missing = (cause as NodeJS.ErrnoException).code === 'ENOENT';
    throw new ConfigError(`${path} cannot be read: ${missing ? 'there is no such file' : (cause as Error).message}`);
  }
}
