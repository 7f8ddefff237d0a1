/**
 * Calls `listener` when `signal` is aborted, unless the answer was called before. One listener a signal is added, however
 * many calls share it, so that a signal for the whole program draws no warning about leaks.
 */
export function onAbort(signal: AbortSignal | undefined, listener: () => void): () => void {
  if (signal === undefined) return () => undefined;
  let listeners = listening.get(signal);
  if (listeners === undefined) {
    const all = new Set<() => void>();
    listeners = all;
    listening.set(signal, all);
    signal.addEventListener('abort', () => {
      for (const each of [...all]) each();
    });
  }
  const own = listeners;
  // A function of its own, so that two calls with the same listener do not remove each other's.
  const entry = () => listener();
  own.add(entry);
  return () => {
    own.delete(entry);
  };
}

const listening = new WeakMap<AbortSignal, Set<() => void>>();
