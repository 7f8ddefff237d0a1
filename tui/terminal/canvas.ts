/**
 * Takes lines that are finished past Ink. Ink composes a frame letter by letter, colours included, which costs more than all
 * the rest of a frame together; here it places one letter for each line of a pane, and the lines are put in afterwards. A test
 * holds both ways to the same frame.
 */
import { createContext } from 'react';

/** Private-use letters: none of a line's own letters ever passes through Ink on this way, so they cannot be confused. */
const FIRST = 0xe000;
const LAST = 0xf8ff;
const ASCII = /^[\u0000-\u007f]*$/;

interface Placed {
  readonly text: string;
  readonly columns: number;
}

export class Canvas {
  #placed: Placed[] = [];

  /** Forgets the lines of the frame before. */
  begin(): void {
    this.#placed = [];
  }

  /** @returns the letter that stands for the line; undefined if there are no more letters */
  put(text: string, columns: number): string | undefined {
    const code = FIRST + this.#placed.length;
    if (code > LAST) return undefined;
    this.#placed.push({ text, columns });
    return String.fromCharCode(code);
  }

  /** The frame with its lines in place. */
  expand(frame: string): string {
    return frame
      .split('\n')
      .map((row) => this.#row(row))
      .join('\n');
  }

  #row(row: string): string {
    let out = '';
    for (let at = 0; at < row.length; ) {
      const placed = this.#placed[row.charCodeAt(at) - FIRST];
      out += placed?.text ?? row[at];
      at += placed?.columns ?? 1;
      // Terminals disagree on the width of some letters; what stands to the right of them stays in its column.
      if (placed !== undefined && !ASCII.test(placed.text) && at < row.length) out += `\u001b[${at + 1}G`;
    }
    return out;
  }
}

export const CanvasContext = createContext<Canvas | undefined>(undefined);
