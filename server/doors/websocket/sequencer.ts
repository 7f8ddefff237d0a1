import type { Order } from '../../../protocol/index.js';

/** As the operations table has it; of `start` only the start is in order, and nobody waits for its end. */
export type Mode = Order | 'start';

/** What arrives on one connection takes effect in the order received, without waiting where it need not (websocket §2). */
export class Sequencer {
  #pendingWrites = 0;
  /** Of the read that waits for the writes before it; what comes later waits behind that read. */
  #onWritten: (() => void) | undefined;
  /** While set, whatever comes waits for it. */
  #gate: Promise<unknown> | undefined;

  run<T>(mode: Mode, start: () => Promise<T>): Promise<T> {
    const reads = mode === 'read' || mode === 'subscribe';
    const holds = mode === 'exclusive' || mode === 'subscribe';
    if (this.#gate === undefined && !(reads && this.#pendingWrites > 0)) {
      const running = this.#begin(mode, start);
      if (holds) this.#close(settled(running));
      return running;
    }
    const turn = (this.#gate ?? Promise.resolve()).then(() => (reads ? this.#written() : undefined));
    const begun = turn.then(() => ({ running: this.#begin(mode, start) }));
    this.#close(holds ? begun.then(({ running }) => settled(running)) : begun);
    return begun.then(({ running }) => running);
  }

  #begin<T>(mode: Mode, start: () => Promise<T>): Promise<T> {
    const running = start();
    if (mode === 'write') {
      this.#pendingWrites++;
      const done = () => {
        if (--this.#pendingWrites === 0) this.#onWritten?.();
      };
      running.then(done, done);
    }
    return running;
  }

  async #written(): Promise<void> {
    if (this.#pendingWrites === 0) return;
    await new Promise<void>((resolve) => {
      this.#onWritten = resolve;
    });
    this.#onWritten = undefined;
  }

  #close(until: Promise<unknown>): void {
    this.#gate = until;
    void until.then(() => {
      if (this.#gate === until) this.#gate = undefined;
    });
  }
}

const settled = (promise: Promise<unknown>): Promise<void> =>
  promise.then(
    () => undefined,
    () => undefined,
  );
