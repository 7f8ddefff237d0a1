/** Where each filter of `poll` stands, so that looking at one channel does not skip the messages of another (arc-v1 §12 G2). */
export class PollCursors {
  readonly #cursors = new Map<string, number>();
  #start = 0;

  /** Highest id that a poll with this filter has returned, or where the client began. */
  get(filter: readonly unknown[]): number {
    return this.#cursors.get(JSON.stringify(filter)) ?? this.#start;
  }

  advance(filter: readonly unknown[], id: number): void {
    if (id > this.get(filter)) this.#cursors.set(JSON.stringify(filter), id);
  }

  /** Moves every filter past `id`: what came before is not polled (arc-v1 §9.2, `bootstrap`). */
  startAfter(id: number): void {
    this.#start = Math.max(this.#start, id);
    for (const [filter, cursor] of this.#cursors) this.#cursors.set(filter, Math.max(cursor, id));
  }

  /** Another store begins its ids anew. */
  reset(): void {
    this.#cursors.clear();
    this.#start = 0;
  }
}
