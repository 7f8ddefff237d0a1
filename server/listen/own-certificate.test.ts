import { X509Certificate } from 'node:crypto';
import { chmodSync, lstatSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { certificate } from '../../tests/support/certificates.js';
import { type TempFolder, tempFolder } from '../../tests/support/domain-hub.js';
import { FakeClock } from '../../tests/support/fake-clock.js';
import { until } from '../../tests/support/until.js';
import { CERT_FILE, KEY_FILE, OwnCertificate } from './own-certificate.js';

const DAY_MS = 86_400_000;
const said: string[] = [];
const note = (_details: object, text: string) => void said.push(text);
const log = { info: note, warn: note, error: note };

let folder: TempFolder;
let clock: FakeClock;
beforeEach(() => {
  folder = tempFolder();
  clock = new FakeClock();
  said.length = 0;
});
afterEach(() => folder[Symbol.dispose]());

const at = (name: string) => join(folder.path, name);
const open = () => OwnCertificate.open(folder.path, '127.0.0.1', clock, log);
const daysLeft = (endsMs: number) => Math.round((endsMs - clock.nowMs()) / DAY_MS);

describe('the certificate of the hub itself', () => {
  it('is made once, and its files are this account’s alone', async () => {
    const first = await open();
    expect(first.pair.fingerprint).toMatch(/^[\w-]{43}$/);
    for (const name of [KEY_FILE, CERT_FILE]) expect(lstatSync(at(name)).mode & 0o777).toBe(0o600);
    expect((await open()).pair).toEqual(first.pair);
    const { subjectAltName, validFrom } = new X509Certificate(first.pair.cert);
    expect(subjectAltName).toContain('DNS:localhost');
    expect(subjectAltName).toContain('IP Address:127.0.0.1');
    expect(Date.parse(validFrom)).toBeLessThan(clock.nowMs());
  });

  it('is renewed with the same key 30 days before its end, by the daily look', async () => {
    const own = await open();
    const { cert, fingerprint } = own.pair;
    const told: string[] = [];
    own.onChange((pair) => told.push(pair.cert));
    await clock.advance(334 * DAY_MS);
    expect(own.pair.cert).toBe(cert);
    await clock.advance(DAY_MS);
    await until(() => told.length > 0);
    expect(told).toEqual([own.pair.cert]);
    expect(own.pair.cert).not.toBe(cert);
    expect(own.pair.fingerprint).toBe(fingerprint);
    expect(daysLeft(own.pair.endsMs)).toBeGreaterThan(363);
    expect(readFileSync(at(CERT_FILE), 'utf8')).toBe(own.pair.cert);
    expect(said).toEqual(['certificate renewed']);
    own.close();
  });

  it('is renewed with the same key at the start, when its end has come while no hub ran', async () => {
    const own = await open();
    const { pair } = own;
    own.close();
    await clock.advance(400 * DAY_MS);
    const again = await open();
    expect(again.pair.fingerprint).toBe(pair.fingerprint);
    expect(daysLeft(again.pair.endsMs)).toBe(365);
  });

  it('is made anew for the key that lies there, when it is lost, damaged or of another key', async () => {
    const { pair } = await open();
    rmSync(at(CERT_FILE));
    expect((await open()).pair.fingerprint).toBe(pair.fingerprint);
    writeFileSync(at(CERT_FILE), 'nonsense');
    expect((await open()).pair.fingerprint).toBe(pair.fingerprint);
    writeFileSync(at(CERT_FILE), (await certificate()).cert);
    expect((await open()).pair.fingerprint).toBe(pair.fingerprint);
  });

  it('refuses a key that is none, is open to others, or is a link, in one line that names it', async () => {
    await open();
    writeFileSync(at(KEY_FILE), 'nonsense');
    await expect(open()).rejects.toThrow(`--tls auto: ${at(KEY_FILE)} is no private key`);
    chmodSync(at(KEY_FILE), 0o644);
    await expect(open()).rejects.toThrow(`--tls auto: ${at(KEY_FILE)} is open to others (mode 0644)`);
    rmSync(at(KEY_FILE));
    symlinkSync('/etc/hostname', at(KEY_FILE));
    await expect(open()).rejects.toThrow(`--tls auto: ${at(KEY_FILE)} is a symbolic link`);
  });

  it('stays in use when it cannot be renewed', async () => {
    const own = await open();
    writeFileSync(at(KEY_FILE), 'nonsense');
    await own.reload();
    expect(said).toEqual(['the certificate cannot be renewed; the present one stays']);
    expect(daysLeft(own.pair.endsMs)).toBe(365);
    own.close();
  });
});
