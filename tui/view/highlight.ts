/** Colours source text for attachments of type `code`. */
import hljs from 'highlight.js/lib/common';
import { type Line, type Span, span } from '../line.js';
import type { Role } from '../theme.js';

/** Longer code is shown plain: colouring it would hold up the keys. */
const MAX_CHARS = 20_000;

const ROLES: readonly (readonly [RegExp, Role])[] = [
  [/comment|quote|meta/, 'comment'],
  [/string|regexp|addition|link/, 'string'],
  [/number|literal|symbol|bullet/, 'number'],
  [/keyword|built_in|deletion|selector-tag/, 'keyword'],
  [/title|name|type|attr|section|property/, 'name'],
];

/** @param code has passed `printable` */
export function highlight(code: string, language: string | undefined): Line[] {
  const plain = () => code.split('\n').map((text) => [span(text, 'code')]);
  if (code.length > MAX_CHARS || language === undefined || hljs.getLanguage(language) === undefined) return plain();
  return spansOf(hljs.highlight(code, { language, ignoreIllegals: true }).value);
}

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', '#x27': "'", '#39': "'" };

/** Reads the nested `<span class="hljs-…">` that highlight.js makes. */
function spansOf(html: string): Line[] {
  const lines: Span[][] = [[]];
  const roles: Role[] = ['code'];
  for (const [, open, close, text] of html.matchAll(/<span class="([^"]*)">|(<\/span>)|([^<]+)/g)) {
    if (open !== undefined) roles.push(ROLES.find(([name]) => name.test(open))?.[1] ?? roles.at(-1) ?? 'code');
    else if (close !== undefined) roles.pop();
    else if (text !== undefined) {
      const parts = text.replace(/&(#?\w+);/g, (whole, name: string) => ENTITIES[name] ?? whole).split('\n');
      for (const [i, part] of parts.entries()) {
        if (i > 0) lines.push([]);
        if (part !== '') lines.at(-1)?.push(span(part, roles.at(-1)));
      }
    }
  }
  return lines;
}
