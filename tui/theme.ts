/**
 * Colours by meaning. A span names a role; the theme says how the role looks at the terminal's colour depth. No role
 * tells by colour alone what a mark or a word does not tell too.
 */

export type ColorDepth = 'none' | 'ansi16' | 'ansi256' | 'truecolor';
export type ThemeName = 'dark' | 'light';

export type Role =
  | 'text'
  | 'muted'
  | 'strong'
  | 'accent'
  | 'good'
  | 'warn'
  | 'bad'
  | 'selected'
  | 'focus'
  | 'border'
  | 'title'
  | 'self'
  | 'system'
  | 'mention'
  | 'unread'
  | 'code'
  | 'keyword'
  | 'string'
  | 'number'
  | 'comment'
  | 'name'
  | `agent${number}`;

/** Agents share this many colours, by a hash of their id. */
export const AGENT_COLORS = 12;

/** `[truecolor, 256, 16]`: what each depth uses; undefined is the terminal's own colour. */
type Color = readonly [hex: string, ansi256: number, ansi16: number];

interface Look {
  readonly fg?: Color;
  readonly bold?: boolean;
  readonly dim?: boolean;
  readonly italic?: boolean;
  readonly underline?: boolean;
  readonly inverse?: boolean;
}

type Looks = Record<Exclude<Role, `agent${number}`>, Look> & { readonly agents: readonly Color[] };

const DARK: Looks = {
  text: {},
  muted: { fg: ['#8b93a1', 246, 90] },
  strong: { bold: true },
  accent: { fg: ['#6cb6ff', 75, 94], bold: true },
  good: { fg: ['#6bc46d', 77, 92] },
  warn: { fg: ['#e0af68', 179, 93] },
  bad: { fg: ['#ff7b72', 209, 91], bold: true },
  selected: { inverse: true },
  focus: { fg: ['#6cb6ff', 75, 94] },
  border: { fg: ['#4a5160', 239, 90] },
  title: { bold: true },
  self: { fg: ['#f0f3f6', 255, 97], bold: true },
  system: { fg: ['#8b93a1', 246, 90], italic: true },
  mention: { fg: ['#e0af68', 179, 93], bold: true },
  unread: { fg: ['#f0f3f6', 255, 97], bold: true },
  code: { fg: ['#c9d1d9', 252, 37] },
  keyword: { fg: ['#ff7b72', 209, 91] },
  string: { fg: ['#a5d6ff', 153, 96] },
  number: { fg: ['#79c0ff', 111, 94] },
  comment: { fg: ['#8b949e', 246, 90], italic: true },
  name: { fg: ['#d2a8ff', 183, 95] },
  agents: [
    ['#7ee787', 114, 92],
    ['#79c0ff', 111, 94],
    ['#ffa657', 215, 93],
    ['#d2a8ff', 183, 95],
    ['#56d4dd', 80, 96],
    ['#ff9bce', 211, 95],
    ['#e3b341', 179, 33],
    ['#a5d6ff', 153, 36],
    ['#b8e994', 150, 32],
    ['#f78c6c', 209, 91],
    ['#c3a6ff', 147, 35],
    ['#4fd6be', 79, 96],
  ],
};

const LIGHT: Looks = {
  text: {},
  muted: { fg: ['#656d76', 242, 90] },
  strong: { bold: true },
  accent: { fg: ['#0550ae', 25, 34], bold: true },
  good: { fg: ['#116329', 22, 32] },
  warn: { fg: ['#7d4e00', 94, 33] },
  bad: { fg: ['#a40e26', 124, 31], bold: true },
  selected: { inverse: true },
  focus: { fg: ['#0550ae', 25, 34] },
  border: { fg: ['#afb8c1', 250, 37] },
  title: { bold: true },
  self: { fg: ['#1f2328', 235, 30], bold: true },
  system: { fg: ['#656d76', 242, 90], italic: true },
  mention: { fg: ['#7d4e00', 94, 33], bold: true },
  unread: { fg: ['#1f2328', 235, 30], bold: true },
  code: { fg: ['#24292f', 236, 30] },
  keyword: { fg: ['#cf222e', 160, 31] },
  string: { fg: ['#0a3069', 24, 34] },
  number: { fg: ['#0550ae', 25, 34] },
  comment: { fg: ['#6e7781', 243, 90], italic: true },
  name: { fg: ['#6639ba', 61, 35] },
  agents: [
    ['#116329', 22, 32],
    ['#0550ae', 25, 34],
    ['#953800', 130, 33],
    ['#6639ba', 61, 35],
    ['#1b7c83', 30, 36],
    ['#99286e', 126, 35],
    ['#7d4e00', 94, 33],
    ['#0a3069', 24, 34],
    ['#4d6b00', 64, 32],
    ['#a40e26', 124, 31],
    ['#5a32a3', 55, 35],
    ['#0f6b5c', 23, 36],
  ],
};

/** Wraps text of a role in the escape sequences of one theme at one depth. */
export type Paint = (text: string, role: Role | undefined) => string;

export function createPaint(theme: ThemeName, depth: ColorDepth): Paint {
  const looks = theme === 'light' ? LIGHT : DARK;
  const prefixes = new Map<Role, string>();
  const prefixOf = (role: Role) => {
    let prefix = prefixes.get(role);
    if (prefix === undefined) {
      prefix = sgr(lookOf(looks, role), depth);
      prefixes.set(role, prefix);
    }
    return prefix;
  };
  return (text, role) => {
    if (role === undefined || role === 'text' || text === '') return text;
    const prefix = prefixOf(role);
    return prefix === '' ? text : `${prefix}${text}\u001b[0m`;
  };
}

function lookOf(looks: Looks, role: Role): Look {
  if (!role.startsWith('agent')) return looks[role as keyof Omit<Looks, 'agents'>];
  const fg = looks.agents[Number(role.slice(5)) % looks.agents.length];
  return fg === undefined ? {} : { fg };
}

function sgr(look: Look, depth: ColorDepth): string {
  const codes: (string | number)[] = [];
  if (look.bold) codes.push(1);
  if (look.dim) codes.push(2);
  if (look.italic) codes.push(3);
  if (look.underline) codes.push(4);
  if (look.inverse) codes.push(7);
  if (look.fg !== undefined) codes.push(...colorCodes(look.fg, depth));
  return codes.length === 0 ? '' : `\u001b[${codes.join(';')}m`;
}

function colorCodes([hex, ansi256, ansi16]: Color, depth: ColorDepth): (string | number)[] {
  if (depth === 'none') return [];
  if (depth === 'ansi16') return [ansi16];
  if (depth === 'ansi256') return [38, 5, ansi256];
  const rgb = Number.parseInt(hex.slice(1), 16);
  return [38, 2, (rgb >> 16) & 255, (rgb >> 8) & 255, rgb & 255];
}

/** By the bits that `WriteStream.getColorDepth` gives, which heeds NO_COLOR, FORCE_COLOR, COLORTERM and TERM. */
export function depthOfBits(bits: number): ColorDepth {
  if (bits >= 24) return 'truecolor';
  if (bits >= 8) return 'ansi256';
  return bits >= 4 ? 'ansi16' : 'none';
}

/** Terminals that say what their background is do so in COLORFGBG, `foreground;background`; 7 and 9 up are light. */
export function themeOfEnv(colorFgBg: string | undefined): ThemeName {
  const background = Number(colorFgBg?.split(';').at(-1) ?? Number.NaN);
  return background === 7 || background >= 9 ? 'light' : 'dark';
}
