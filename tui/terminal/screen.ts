/**
 * The terminal as a screen. Ink writes whole frames; this puts only the lines that differ on the terminal, between the
 * marks of a synchronised update, so that nothing flickers and nothing scrolls. It is the only place that writes to the
 * terminal, and it leaves it as it was found, whatever ends the program.
 */
import { EventEmitter } from 'node:events';
import { Canvas } from './canvas.js';

const ESC = '\u001b[';
// Without wrapping, a line that the terminal takes for wider than it is spoils no other.
const ENTER = `${ESC}?1049h${ESC}?2004h${ESC}?7l${ESC}?25l${ESC}2J`;
const MOUSE_ON = `${ESC}?1000h${ESC}?1006h`;
const LEAVE = `${ESC}?1006l${ESC}?1000l${ESC}?2004l${ESC}0m${ESC}?25h${ESC}?7h${ESC}?1049l`;
const SYNC_ON = `${ESC}?2026h`;
const SYNC_OFF = `${ESC}?2026l`;

export interface Terminal {
  readonly columns: number;
  readonly rows: number;
  write(text: string): boolean;
}

export class Screen {
  /** What Ink takes for its output: frames arrive here, not at the terminal. */
  readonly sink: FrameSink;
  readonly canvas = new Canvas();
  readonly #terminal: Terminal;
  #shown: string[] = [];
  #active = false;
  #cursor = '';
  /** False while the terminal takes no more; frames wait for it. */
  #flows = true;

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
    this.sink = new FrameSink(terminal);
  }

  get flows(): boolean {
    return this.#flows;
  }

  drained(): void {
    this.#flows = true;
  }

  enter({ mouse }: { readonly mouse: boolean }): void {
    this.#active = true;
    this.#terminal.write(ENTER + (mouse ? MOUSE_ON : ''));
    this.redraw();
  }

  /** Safe to call at any time, and more than once. */
  leave(): void {
    if (!this.#active) return;
    this.#active = false;
    this.#terminal.write(LEAVE);
  }

  /** The next frame is drawn whole, on a clean screen. */
  redraw(): void {
    this.#shown = [];
    this.#cursor = '';
    if (this.#active) this.#terminal.write(`${ESC}0m${ESC}2J`);
  }

  ring(): void {
    if (this.#active) this.#terminal.write('\u0007');
  }

  /** @param text has passed `printable` */
  notify(text: string): void {
    if (this.#active) this.#terminal.write(`\u001b]9;${text.replaceAll(';', ',')}\u0007`);
  }

  copy(text: string): void {
    if (this.#active) this.#terminal.write(`\u001b]52;c;${Buffer.from(text).toString('base64')}\u0007`);
  }

  /** Puts the last frame on the terminal, and the cursor where it belongs. */
  show(cursor: { readonly row: number; readonly column: number } | undefined): void {
    if (!this.#active) return;
    const lines = this.canvas.expand(this.sink.frame).split('\n');
    let out = '';
    for (let row = 0; row < this.#terminal.rows; row++) {
      const next = lines[row] ?? '';
      if (this.#shown[row] === next) continue;
      // Cleared first: after a full line the cursor stands on its last letter.
      out += `${ESC}${row + 1};1H${ESC}K${next}${ESC}0m`;
    }
    this.#shown = lines.slice(0, this.#terminal.rows);
    const place = cursor === undefined ? `${ESC}?25l` : `${ESC}${cursor.row + 1};${cursor.column + 1}H${ESC}?25h`;
    if (out === '' && place === this.#cursor) return;
    this.#cursor = place;
    this.#flows = this.#terminal.write(`${SYNC_ON}${out === '' ? '' : `${ESC}?25l${out}`}${place}${SYNC_OFF}`);
  }
}

/** As much of a terminal as Ink looks at; in Ink's debug mode each write is one whole frame. */
export class FrameSink extends EventEmitter {
  readonly #terminal: Terminal;
  readonly isTTY = true;
  frame = '';

  constructor(terminal: Terminal) {
    super();
    this.#terminal = terminal;
    this.setMaxListeners(50);
  }

  get columns(): number {
    return this.#terminal.columns;
  }

  get rows(): number {
    return this.#terminal.rows;
  }

  write(text: string): boolean {
    // When it ends, Ink shows the cursor again; that is the screen's business.
    if (!text.startsWith('\u001b[?25')) this.frame = text;
    return true;
  }
}
