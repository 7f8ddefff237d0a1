/**
 * Changes of a JSON text that leave all else in it as somebody wrote it: order, blanks, line ends. What is appended looks
 * like its neighbours, and what is removed again leaves the text as it was; only blanks inside of an empty `{}` or `[]`
 * are not brought back.
 */

interface Value {
  readonly start: number;
  readonly end: number;
  /** Of an object or array. */
  readonly items: readonly Item[];
}

interface Item {
  readonly key: string | undefined;
  /** Of the key, where there is one. */
  readonly start: number;
  readonly value: Value;
}

type Path = readonly (string | number)[];

/** @param text JSON that `JSON.parse` takes */
export function append(text: string, path: Path, added: unknown): string {
  const root = scan(text, 0);
  const { at, rest } = descend(root, path);
  const [key, ...below] = rest;
  // What is missing on the way is made: a list at its end, objects before.
  const value = key === undefined ? added : below.reduceRight<unknown>((inner, name) => ({ [name]: inner }), [added]);
  return insert(text, at, key === undefined ? undefined : String(key), value);
}

/** Gives an object a member that it lacks. */
export function addMember(text: string, key: string, value: unknown): string {
  return insert(text, scan(text, 0), key, value);
}

/** Takes out what the path names, and the list and the objects around it that hold nothing else. */
export function remove(text: string, path: Path): string {
  const { at, rest } = descend(scan(text, 0), path.slice(0, -1));
  if (rest.length > 0) return text;
  if (at.items.length === 1 && path.length > 1) return remove(text, path.slice(0, -1));
  const index = indexOf(at, path.at(-1));
  const item = at.items[index];
  if (item === undefined) return text;
  const [before, after] = [at.items[index - 1], at.items[index + 1]];
  if (before !== undefined) return text.slice(0, before.value.end) + text.slice(item.value.end);
  if (after !== undefined) return text.slice(0, item.start) + text.slice(after.start);
  return text.slice(0, at.start + 1) + text.slice(at.end - 1);
}

/** As far down the path as there is something; `rest` is what is missing. */
function descend(root: Value, path: Path): { at: Value; rest: Path } {
  let at = root;
  for (const [depth, step] of path.entries()) {
    const item = at.items[indexOf(at, step)];
    if (item === undefined) return { at, rest: path.slice(depth) };
    at = item.value;
  }
  return { at, rest: [] };
}

/** Of a key that is there twice, the last counts, as for `JSON.parse`. */
const indexOf = ({ items }: Value, step: string | number | undefined) =>
  items.findLastIndex(({ key }, n) => (key ?? n) === step);

function insert(text: string, into: Value, key: string | undefined, value: unknown): string {
  const eol = text.includes('\r\n') ? '\r\n' : '\n';
  const unit = /^([ \t]+)\S/m.exec(text)?.[1] ?? '  ';
  const name = key === undefined ? '' : `${JSON.stringify(key)}: `;
  const last = into.items.at(-1);
  const line = text.slice(text.lastIndexOf('\n', into.start) + 1);
  const outer = /^[ \t]*/.exec(line)?.[0] ?? '';
  const gap = last === undefined ? eol + outer + unit : blanksBefore(text, last.start);
  const isSpread = gap.includes('\n');
  const indent = gap.slice(gap.lastIndexOf('\n') + 1);
  const written = isSpread ? JSON.stringify(value, null, unit).replaceAll('\n', eol + indent) : JSON.stringify(value);
  if (last === undefined) {
    return `${text.slice(0, into.start + 1)}${gap}${name}${written}${eol}${outer}${text.slice(into.end - 1)}`;
  }
  return `${text.slice(0, last.value.end)},${gap === '' ? ' ' : gap}${name}${written}${text.slice(last.value.end)}`;
}

const blanksBefore = (text: string, at: number) => /\s*$/.exec(text.slice(0, at))?.[0] ?? '';

const SCALAR = /"(?:[^"\\]|\\.)*"|[^\s,\]}:]+/y;

function scan(text: string, from: number): Value {
  const start = skip(text, from);
  const open = text[start];
  if (open !== '{' && open !== '[') {
    SCALAR.lastIndex = start;
    return { start, end: start + (SCALAR.exec(text)?.[0].length ?? 0), items: [] };
  }
  const items: Item[] = [];
  let at = skip(text, start + 1);
  while (text[at] !== '}' && text[at] !== ']') {
    const itemStart = at;
    let key: string | undefined;
    if (open === '{') {
      const name = scan(text, at);
      key = JSON.parse(text.slice(name.start, name.end)) as string;
      at = skip(text, name.end) + 1;
    }
    const value = scan(text, at);
    items.push({ key, start: itemStart, value });
    at = skip(text, value.end);
    if (text[at] === ',') at = skip(text, at + 1);
  }
  return { start, end: at + 1, items };
}

function skip(text: string, from: number): number {
  let at = from;
  while (/\s/.test(text[at] ?? '')) at += 1;
  return at;
}
