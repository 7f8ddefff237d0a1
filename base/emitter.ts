/** Typed listeners, called in the order in which they were added. */
export class Emitter<Events extends object> {
  readonly #listeners = new Map<keyof Events, Set<(event: never) => void>>();

  /** Adds a listener; the answer removes it. */
  on<Name extends keyof Events>(name: Name, listener: (event: Events[Name]) => void): () => void {
    const listeners = this.#listeners.get(name) ?? new Set();
    this.#listeners.set(name, listeners);
    listeners.add(listener);
    return () => {
      listeners.delete(listener);
    };
  }

  emit<Name extends keyof Events>(name: Name, event: Events[Name]): void {
    // Only `on` fills the map, so a listener under `name` takes that event.
    const listeners = this.#listeners.get(name) as Set<(event: Events[Name]) => void> | undefined;
    if (listeners === undefined) return;
    for (const listener of [...listeners]) listener(event);
  }
}
