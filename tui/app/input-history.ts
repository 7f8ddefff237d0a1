const MOST = 200;

/** What was sent before, for the up and down keys. What was being typed is kept at its lower end. */
export class InputHistory {
  readonly #entries: string[] = [];
  #at: number | undefined;
  #draft = '';

  add(text: string): void {
    this.#at = undefined;
    if (this.#entries.at(-1) === text) return;
    this.#entries.push(text);
    if (this.#entries.length > MOST) this.#entries.shift();
  }

  older(current: string): string | undefined {
    if (this.#at === undefined) this.#draft = current;
    const next = (this.#at ?? this.#entries.length) - 1;
    const text = this.#entries[next];
    if (text !== undefined) this.#at = next;
    return text;
  }

  newer(): string | undefined {
    if (this.#at === undefined) return undefined;
    const next = this.#at + 1;
    this.#at = next < this.#entries.length ? next : undefined;
    return this.#entries[next] ?? this.#draft;
  }
}
