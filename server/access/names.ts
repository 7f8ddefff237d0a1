/** Which names a token stands for (identity §3). Names compare exactly, after Unicode NFC. */
import type { NameSet } from './caller.js';

/** The hub itself, and whoever steers it: no pattern stands for them. */
export const RESERVED: readonly string[] = ['system', 'operator'];

export class Names implements NameSet {
  readonly only: string | undefined;
  readonly whole: readonly string[];
  readonly prefixes: readonly string[];
  readonly #whole: ReadonlySet<string>;

  /** @param names whole ones, and `ci-*` for all that begin so */
  constructor(names: readonly string[]) {
    const normal = names.map(nfc);
    this.#whole = new Set(normal.filter((name) => !name.endsWith('*')));
    this.whole = [...this.#whole];
    this.prefixes = normal.filter((name) => name.endsWith('*')).map((name) => name.slice(0, -1));
    const [only] = this.#whole;
    this.only = this.#whole.size === 1 && this.prefixes.length === 0 ? only : undefined;
  }

  has(name: string): boolean {
    const normal = nfc(name);
    if (this.#whole.has(normal)) return true;
    return !RESERVED.includes(normal) && this.prefixes.some((prefix) => normal.startsWith(prefix));
  }
}

export const NOBODY = new Names([]);

/** Most names are ASCII, which is normal already. */
function nfc(name: string): string {
  return /^[\x00-\x7f]*$/.test(name) ? name : name.normalize('NFC');
}
