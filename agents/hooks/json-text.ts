/**
 * Changes of a settings file that leave all else in it as somebody wrote it: order, blanks, line ends, comments, trailing
 * commas. `jsonc-parser` finds the places; what is appended looks like its neighbours, and what is removed again leaves the
 * text as it was. Only blanks inside of an empty `{}` or `[]` are not brought back.
 */
import { type Node, type ParseError, parseTree, printParseErrorCode } from 'jsonc-parser';

type Path = readonly (string | number)[];

/**
 * @returns the value as `JSON.parse` gives it: of a key that is there twice, the last counts
 * @throws {SyntaxError} with the place in words
 */
export function parseSettings(text: string): unknown {
  return toValue(treeOf(text));
}

/** Adds to the end of the list that the path names, making what is missing on the way: a list at its end, objects before. */
export function append(text: string, path: Path, added: unknown): string {
  const { at, rest } = descend(treeOf(text), path);
  const [key, ...below] = rest;
  const value = key === undefined ? added : below.reduceRight<unknown>((inner, name) => ({ [name]: inner }), [added]);
  return insert(text, at, key === undefined ? undefined : String(key), value);
}

/** Gives the outermost object a member that it lacks. */
export function addMember(text: string, key: string, value: unknown): string {
  return insert(text, treeOf(text), key, value);
}

/** Takes out what the path names, and the list and the objects around it that hold nothing else. */
export function remove(text: string, path: Path): string {
  const { at, rest } = descend(treeOf(text), path.slice(0, -1));
  if (rest.length > 0) return text;
  const items = itemsOf(at);
  if (items.length === 1 && path.length > 1) return remove(text, path.slice(0, -1));
  const index = indexOf(at, path.at(-1));
  const item = items[index];
  if (item === undefined) return text;
  const [before, after] = [items[index - 1], items[index + 1]];
  const start = item.offset - blanksBefore(text, item.offset).length;
  if (before !== undefined) {
    // Of two commas the one behind goes, if there is one: what stands before may end in a note of its own.
    const behind = commaAfter(text, endOf(item));
    if (behind < endOf(at)) return text.slice(0, start) + text.slice(endOf(item), behind) + text.slice(behind + 1);
    const comma = commaAfter(text, endOf(before));
    return text.slice(0, comma) + text.slice(comma + 1, start) + text.slice(endOf(item));
  }
  if (after !== undefined) {
    const comma = commaAfter(text, endOf(item));
    const next = comma + 1 + (/^\s*/.exec(text.slice(comma + 1))?.[0].length ?? 0);
    return text.slice(0, item.offset) + text.slice(next);
  }
  const around = text.slice(at.offset + 1, item.offset) + text.slice(endOf(item), endOf(at) - 1);
  if (around.replace(',', '').trim() === '') return text.slice(0, at.offset + 1) + text.slice(endOf(at) - 1);
  return text.slice(0, start) + text.slice(endOf(item));
}

function treeOf(text: string): Node {
  const errors: ParseError[] = [];
  const tree = parseTree(text, errors, { allowTrailingComma: true });
  const [first] = errors;
  if (tree !== undefined && first === undefined) return tree;
  const line = text.slice(0, first?.offset ?? 0).split('\n').length;
  throw new SyntaxError(`${first === undefined ? 'it is empty' : printParseErrorCode(first.error)} in line ${line}`);
}

function toValue({ type, value, children = [] }: Node): unknown {
  if (type === 'array') return children.map(toValue);
  if (type !== 'object') return value;
  return Object.fromEntries(
    children.map(({ children: [key, member] = [] }) => [key?.value, member && toValue(member)]),
  );
}

const endOf = ({ offset, length }: Node) => offset + length;
/** Members with their keys, or the items of a list. */
const itemsOf = ({ children = [] }: Node) => children;
const keyOf = (item: Node) => (item.type === 'property' ? item.children?.[0]?.value : undefined);
const memberOf = (item: Node) => (item.type === 'property' ? (item.children?.[1] ?? item) : item);

/** As far down the path as there is something; `rest` is what is missing. */
function descend(root: Node, path: Path): { at: Node; rest: Path } {
  let at = root;
  for (const [depth, step] of path.entries()) {
    const item = itemsOf(at)[indexOf(at, step)];
    if (item === undefined) return { at, rest: path.slice(depth) };
    at = memberOf(item);
  }
  return { at, rest: [] };
}

const indexOf = (at: Node, step: string | number | undefined) =>
  itemsOf(at).findLastIndex((item, n) => (keyOf(item) ?? n) === step);

function insert(text: string, into: Node, key: string | undefined, value: unknown): string {
  const eol = text.includes('\r\n') ? '\r\n' : '\n';
  const unit = /^([ \t]+)["[{\]}]/m.exec(text)?.[1] ?? '  ';
  const name = key === undefined ? '' : `${JSON.stringify(key)}: `;
  const last = itemsOf(into).at(-1);
  const line = text.slice(text.lastIndexOf('\n', into.offset) + 1);
  const outer = /^[ \t]*/.exec(line)?.[0] ?? '';
  const gap = last === undefined ? eol + outer + unit : blanksBefore(text, last.offset);
  const isSpread = gap.includes('\n');
  const indent = gap.slice(gap.lastIndexOf('\n') + 1);
  const written = isSpread ? JSON.stringify(value, null, unit).replaceAll('\n', eol + indent) : JSON.stringify(value);
  const end = endOf(into) - 1;
  if (last === undefined) {
    // What somebody has noted there stays.
    const inside = text.slice(into.offset + 1, end).trimEnd();
    return `${text.slice(0, into.offset + 1)}${inside}${gap}${name}${written}${eol}${outer}${text.slice(end)}`;
  }
  const lastEnd = endOf(last);
  const hasComma = commaAfter(text, lastEnd) < end;
  // A note behind the last one, in its line, goes on belonging to it.
  const note = isSpread ? (/^(,?[ \t]*(\/\/[^\r\n]*|\/\*.*?\*\/))/.exec(text.slice(lastEnd, end))?.[0] ?? '') : '';
  const noted = hasComma ? note : note && `,${note}`;
  const joint = note === '' ? ',' : noted;
  const added = `${gap === '' ? ' ' : gap}${name}${written}`;
  const tail = text.slice(lastEnd + note.length);
  return `${text.slice(0, lastEnd)}${joint}${added}${hasComma && note !== '' ? ',' : ''}${tail}`;
}

/** Where the comma behind an item stands, past what is noted between; the end of the text when there is none. */
function commaAfter(text: string, from: number): number {
  const between = /^(\s|\/\/[^\n]*|\/\*[\s\S]*?\*\/)*/.exec(text.slice(from))?.[0].length ?? 0;
  return text[from + between] === ',' ? from + between : text.length;
}

const blanksBefore = (text: string, at: number) => /\s*$/.exec(text.slice(0, at))?.[0] ?? '';
