import { onAbort } from '../../base/abort.js';
import { deferred } from '../../base/deferred.js';
import { DispatchError } from '../errors.js';

/** At most so many at a time for each key, the others in the order in which they came. */
export class Turns {
  readonly #lanes = new Map<string, { running: number; waiting: (() => void)[] }>();

  /** How many wait for `key`. */
  waiting(key: string): number {
    return this.#lanes.get(key)?.waiting.length ?? 0;
  }

  /**
   * Resolves when it is one's turn, with what ends it.
   * @throws {DispatchError} `cancelled`: `signal` was aborted before
   */
  async take(key: string, atOnce: number, signal: AbortSignal): Promise<() => void> {
    if (signal.aborted) throw new DispatchError('cancelled', 'cancelled');
    const lane = this.#lanes.get(key) ?? { running: 0, waiting: [] };
    this.#lanes.set(key, lane);
    if (lane.running < atOnce && lane.waiting.length === 0) lane.running += 1;
    else await this.#wait(lane.waiting, signal);
    let ended = false;
    return () => {
      if (ended) return;
      ended = true;
      // The place is handed on, so that nobody who comes meanwhile takes it.
      const next = lane.waiting.shift();
      if (next !== undefined) return next();
      lane.running -= 1;
      if (lane.running === 0) this.#lanes.delete(key);
    };
  }

  #wait(waiting: (() => void)[], signal: AbortSignal): Promise<void> {
    const { promise, resolve, reject } = deferred<void>();
    const turn = () => {
      forget();
      resolve();
    };
    const forget = onAbort(signal, () => {
      waiting.splice(waiting.indexOf(turn), 1);
      reject(new DispatchError('cancelled', 'cancelled'));
    });
    waiting.push(turn);
    return promise;
  }
}
