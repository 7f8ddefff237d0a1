/**
 * - `write`: reaches the store in the order received by itself; later reads wait for its commit
 * - `read`: starts once the writes before it are committed
 * - `start`: only its start is in order; nobody waits for its end
 * - `exclusive`: what comes later waits for its end, since it changes who the connection is
 */
export type Mode = 'write' | 'read' | 'start' | 'exclusive';

/** What arrives on one connection takes effect in the order received, without waiting where it need not (websocket §2). */
export class Sequencer {
  #pendingWrites = 0;
  #lastWrite: Promise<unknown> = Promise.resolve();
  /** While set, whatever comes waits for it. */
  #gate: Promise<unknown> | undefined;

  run<T>(mode: Mode, start: () => Promise<T>): Promise<T> {
    if (this.#gate === undefined && !(mode === 'read' && this.#pendingWrites > 0)) {
      const running = this.#begin(mode, start);
      if (mode === 'exclusive') this.#close(settled(running));
      return running;
    }
    const turn = (this.#gate ?? Promise.resolve()).then(() => (mode === 'read' ? this.#lastWrite : undefined));
    const begun = turn.then(() => ({ running: this.#begin(mode, start) }));
    this.#close(mode === 'exclusive' ? begun.then(({ running }) => settled(running)) : begun);
    return begun.then(({ running }) => running);
  }

  #begin<T>(mode: Mode, start: () => Promise<T>): Promise<T> {
    const running = start();
    if (mode === 'write') {
      this.#pendingWrites++;
      const done = settled(running).then(() => {
        this.#pendingWrites--;
      });
      this.#lastWrite = Promise.all([this.#lastWrite, done]);
    }
    return running;
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
