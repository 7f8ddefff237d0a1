/** Slash commands: what one is, and how one is written. A new one is a row in a file of this folder. */

import { HubError } from '../../protocol/index.js';
import type { Hands } from '../app/hands.js';
import type { ArgKind } from '../input/arguments.js';

export interface Arg {
  readonly name: string;
  /** What is offered for it while it is typed. */
  readonly kind: ArgKind;
  readonly optional?: boolean;
}

export interface Command {
  readonly name: string;
  readonly aliases?: readonly string[];
  readonly args?: readonly Arg[];
  readonly summary: string;
  /** What it throws is for whoever typed it. */
  run(hands: Hands, args: readonly string[]): void | Promise<void>;
}

export const arg = (name: string, kind: ArgKind): Arg => ({ name, kind });
export const optional = (name: string, kind: ArgKind): Arg => ({ name, kind, optional: true });

/** A name without the mark that it may be written with. */
export const bare = (name: string, mark: string): string => (name.startsWith(mark) ? name.slice(1) : name);

export function wholeNumber(text: string | undefined, what: string): number {
  const digits = bare(text ?? '', '#').trim();
  if (!/^\d+$/.test(digits)) throw new HubError('bad_request', `${what} must be a number, not “${text ?? ''}”`);
  return Number(digits);
}

/** `/dm <agent> [text]`. */
export const usage = ({ name, args = [] }: Command): string =>
  [`/${name}`, ...args.map((each) => (each.optional ? `[${each.name}]` : `<${each.name}>`))].join(' ');

/** A name as an argument: quoted where it has spaces. */
export const quoteWord = (word: string): string => (/[\s"]/.test(word) ? `"${word.replace(/["\\]/g, '\\$&')}"` : word);
