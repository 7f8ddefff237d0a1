/**
 * Turns what a terminal sends into events: keys by name (`ctrl+p`, `alt+enter`, `up`, `f1`, or the letter itself), pastes
 * whole, and the mouse. A sequence may arrive in pieces; an Escape that stays alone is a key after `flush`.
 */
export type InputEvent =
  | { readonly type: 'key'; readonly name: string }
  /** Letters typed, or pasted into a terminal without bracketed paste. */
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'paste'; readonly text: string }
  | {
      readonly type: 'mouse';
      readonly action: 'wheel-up' | 'wheel-down' | 'press';
      readonly column: number;
      readonly row: number;
    };

const PASTE_START = '\u001b[200~';
const PASTE_END = '\u001b[201~';
/** A paste that never ends is taken as it is at this size. */
const MAX_PASTE = 4 * 1024 * 1024;

const FINALS: Readonly<Record<string, string>> = {
  A: 'up',
  B: 'down',
  C: 'right',
  D: 'left',
  H: 'home',
  F: 'end',
  P: 'f1',
  Q: 'f2',
  R: 'f3',
  S: 'f4',
  Z: 'shift+tab',
};
const TILDES: Readonly<Record<string, string>> = {
  1: 'home',
  2: 'insert',
  3: 'delete',
  4: 'end',
  5: 'pageup',
  6: 'pagedown',
  7: 'home',
  8: 'end',
  11: 'f1',
  12: 'f2',
  13: 'f3',
  14: 'f4',
  15: 'f5',
};
const CONTROLS: Readonly<Record<number, string>> = {
  8: 'backspace',
  9: 'tab',
  10: 'ctrl+j',
  13: 'enter',
  127: 'backspace',
};

export class KeyParser {
  #pending = '';

  /** Whether an Escape or the beginning of a sequence waits for more. */
  get isWaiting(): boolean {
    return this.#pending !== '' && !this.#pending.startsWith(PASTE_START);
  }

  push(chunk: string): InputEvent[] {
    // A paste whose end was lost would take every key for its text; this one always gets out.
    if (chunk === '\u0003') this.#pending = '';
    this.#pending += chunk;
    const events: InputEvent[] = [];
    while (this.#pending !== '') {
      const used = this.#next(this.#pending, events);
      if (used === 0) break;
      this.#pending = this.#pending.slice(used);
    }
    return events;
  }

  /** Nothing followed: what waits is a key of its own. */
  flush(): InputEvent[] {
    if (!this.isWaiting) return [];
    const rest = this.#pending;
    this.#pending = '';
    return rest === '\u001b' ? [{ type: 'key', name: 'escape' }] : [];
  }

  /** Reads one event from the beginning of `input`; gives the units it used, 0 to wait for more. */
  #next(input: string, events: InputEvent[]): number {
    const code = input.charCodeAt(0);
    if (code !== 0x1b) return plain(input, events);
    if (input.startsWith(PASTE_START)) {
      const end = input.indexOf(PASTE_END, PASTE_START.length);
      if (end < 0 && input.length < MAX_PASTE) return 0;
      const stop = end < 0 ? input.length : end;
      events.push({ type: 'paste', text: input.slice(PASTE_START.length, stop) });
      return end < 0 ? input.length : end + PASTE_END.length;
    }
    const mouse = /^\u001b\[<(\d+);(\d+);(\d+)([Mm])/.exec(input);
    if (mouse !== null) {
      pushMouse(mouse, events);
      return mouse[0].length;
    }
    const csi = /^\u001b\[([0-9;<=>?]*)([ -/]*)([@-~])/.exec(input);
    if (csi !== null) {
      const name = csiName(csi[1] ?? '', csi[3] ?? '');
      if (name !== undefined) events.push({ type: 'key', name });
      return csi[0].length;
    }
    const ss3 = /^\u001bO([A-Za-z])/.exec(input);
    if (ss3 !== null) {
      const name = FINALS[ss3[1] ?? ''];
      if (name !== undefined) events.push({ type: 'key', name });
      return 3;
    }
    if (input.length === 1 || /^\u001b(?:\[[0-9;<=>?]*|O)$/.test(input)) return 0;
    return alt(input, events);
  }
}

function plain(input: string, events: InputEvent[]): number {
  const code = input.charCodeAt(0);
  const control = CONTROLS[code];
  if (control !== undefined) {
    events.push({ type: 'key', name: control });
    return 1;
  }
  if (code < 0x20) {
    events.push({ type: 'key', name: code === 0 ? 'ctrl+space' : `ctrl+${String.fromCharCode(code + 96)}` });
    return 1;
  }
  const text = /^[^\u0000-\u001f\u007f]+/.exec(input)?.[0] ?? input;
  events.push({ type: 'text', text });
  return text.length;
}

function alt(input: string, events: InputEvent[]): number {
  const next = input.codePointAt(1) ?? 0;
  const letter = String.fromCodePoint(next);
  // Escape and then a control key, typed fast: nobody means Alt and Ctrl at once.
  if (next === 0x1b || (next < 0x20 && CONTROLS[next] === undefined)) {
    events.push({ type: 'key', name: 'escape' });
    return 1;
  }
  const name = CONTROLS[next] ?? letter.toLowerCase();
  events.push({ type: 'key', name: name === 'ctrl+j' ? 'alt+enter' : `alt+${name}` });
  return 1 + letter.length;
}

/** Parameters are `1;modifier`, or `number;modifier` before a tilde; the modifier is 1 plus shift 1, alt 2, ctrl 4. */
function csiName(params: string, final: string): string | undefined {
  const [first = '', second = ''] = params.split(';');
  const base = final === '~' ? TILDES[first] : final === 'u' ? kittyName(first) : FINALS[final];
  if (base === undefined) return undefined;
  const bits = Math.max(0, Number(second.split(':')[0] || 1) - 1);
  const ctrl = bits & 4 ? 'ctrl+' : '';
  const altKey = bits & 2 ? 'alt+' : '';
  const shift = bits & 1 && !base.startsWith('shift+') ? 'shift+' : '';
  return `${ctrl}${altKey}${shift}${base}`;
}

function kittyName(code: string): string | undefined {
  const point = Number(code);
  if (point === 27) return 'escape';
  return CONTROLS[point] ?? (point > 0x20 && point < 0x110000 ? String.fromCodePoint(point) : undefined);
}

function pushMouse([, button, column, row, final]: RegExpExecArray, events: InputEvent[]): void {
  const code = Number(button);
  const place = { column: Number(column) - 1, row: Number(row) - 1 };
  if (code === 64 || code === 65) {
    events.push({ type: 'mouse', action: code === 64 ? 'wheel-up' : 'wheel-down', ...place });
  } else if (code === 0 && final === 'M') events.push({ type: 'mouse', action: 'press', ...place });
}
