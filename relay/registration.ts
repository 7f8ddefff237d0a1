/** One relay among those of a spool: that it lives, what it has taken, which hub it leads to, and what dead ones left. */
import { randomBytes } from 'node:crypto';
import type { Folder } from './folder.js';
import { BEAT_SEC, HUB_FILE, type HubFile, type HubIdentity, readHubFile } from './hub-file.js';
import { Heirs, Journal, type Ledger, RELAYS, type RelayMark, type Taken } from './journal.js';
import { thisMachine } from './machine.js';

export class Registration implements Ledger {
  readonly #spool: string;
  readonly #identify: () => Promise<HubIdentity | undefined>;
  readonly #relayId = randomBytes(8).toString('hex');
  readonly #startedAt = new Date().toISOString();
  readonly #machine = thisMachine();
  #root: Folder | undefined;
  #relays: Folder | undefined;
  #journal: Journal | undefined;
  #heirs: Heirs | undefined;
  #beat = 0;

  /** @param identify undefined while the hub cannot be reached: then the spool does not claim to be served */
  constructor(spool: string, identify: () => Promise<HubIdentity | undefined>) {
    this.#spool = spool;
    this.#identify = identify;
  }

  /** The spool is there, or there again. */
  async enter(root: Folder): Promise<void> {
    await this.#journal?.close();
    await this.#relays?.close();
    this.#root = root;
    this.#relays = await root.openFolder(RELAYS, { create: true, mode: 0o700 });
    await this.#mark();
    this.#journal = await Journal.create(this.#relays, this.#relayId);
    this.#heirs = new Heirs(this.#relays, this.#relayId);
    await this.#tellOfHub();
  }

  /** To be called every `BEAT_SEC`. */
  async beat(): Promise<void> {
    await this.#mark();
    await this.#tellOfHub();
  }

  /** What dead relays took and did not answer, a journal at a time; each request is in our own journal by then. */
  async *inherit(): AsyncGenerator<readonly Taken[]> {
    for (const { journal, taken } of (await this.#heirs?.inherit()) ?? []) {
      for (const request of taken) await this.take(request);
      // From here on our own journal says that they are open.
      await this.#relays?.remove(journal).catch(() => undefined);
      if (taken.length > 0) yield taken;
    }
  }

  async take(request: Taken): Promise<void> {
    await this.#journal?.take(request);
  }

  done(request: Taken): void {
    this.#journal?.done(request);
  }

  /** The journal stays while requests stand open in it. */
  async leave(): Promise<void> {
    await this.#journal?.close();
    await this.#relays?.remove(`${this.#relayId}.json`).catch(() => undefined);
    await this.#relays?.close();
    const hub = await readHubFile(this.#spool);
    if (hub?.relay_id === this.#relayId) await this.#root?.remove(HUB_FILE).catch(() => undefined);
  }

  async #mark(): Promise<void> {
    this.#beat += 1;
    const mark: RelayMark = {
      relay_id: this.#relayId,
      pid: process.pid,
      machine: this.#machine,
      beat: this.#beat,
    };
    await this.#relays?.write(`${this.#relayId}.json`, `${JSON.stringify(mark)}\n`);
  }

  async #tellOfHub(): Promise<void> {
    const hub = await this.#identify();
    if (hub === undefined) return;
    const file: HubFile = {
      ...hub,
      started_at: this.#startedAt,
      beat_at: new Date().toISOString(),
      beat_sec: BEAT_SEC,
      relay_id: this.#relayId,
      pid: process.pid,
      machine: this.#machine,
    };
    await this.#root?.write(HUB_FILE, `${JSON.stringify(file, null, 2)}\n`);
  }
}
