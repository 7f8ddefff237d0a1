/** Work that was begun and is waited for at the end. */
export class UnderWay {
  readonly #works = new Set<Promise<unknown>>();

  get size(): number {
    return this.#works.size;
  }

  /** @param work whoever began it looks after its failure */
  follow(work: Promise<unknown>): void {
    this.#works.add(work);
    const forget = () => this.#works.delete(work);
    work.then(forget, forget);
  }

  /** Resolves when all that is under way now is done, well or not. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#works);
  }
}
