/** The two ways in which JSON texts follow each other on a byte stream. */

/** More than the largest request of a hub; a peer that sends more without an end is not heard any further. */
const MAX_BYTES = 32 * 1024 * 1024;

export interface MessageFrames {
  /** Takes what arrived and gives the texts that are complete. @throws {Error} when the stream cannot be read on */
  push(chunk: Buffer): string[];
  encode(text: string): string;
}

/** One text a line; empty lines are passed over. */
export class LineFrames implements MessageFrames {
  #rest = Buffer.alloc(0);

  push(chunk: Buffer): string[] {
    const texts: string[] = [];
    let from = 0;
    for (let end = chunk.indexOf(10); end !== -1; end = chunk.indexOf(10, from)) {
      const line = Buffer.concat([this.#rest, chunk.subarray(from, end)])
        .toString('utf8')
        .trim();
      this.#rest = Buffer.alloc(0);
      if (line !== '') texts.push(line);
      from = end + 1;
    }
    this.#rest = Buffer.concat([this.#rest, chunk.subarray(from)]);
    if (this.#rest.length > MAX_BYTES) throw new Error(`a message larger than ${MAX_BYTES} bytes`);
    return texts;
  }

  encode(text: string): string {
    return `${text}\n`;
  }
}

/** `Content-Length: <bytes>`, an empty line, the text; lines may end in `\n` or `\r\n`. */
export class HeaderFrames implements MessageFrames {
  #buffer = Buffer.alloc(0);

  push(chunk: Buffer): string[] {
    this.#buffer = Buffer.concat([this.#buffer, chunk]);
    const texts: string[] = [];
    for (let text = this.#next(); text !== undefined; text = this.#next()) texts.push(text);
    return texts;
  }

  encode(text: string): string {
    return `Content-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`;
  }

  #next(): string | undefined {
    const header = /^\s*((?:[^\r\n]+\r?\n)+)\r?\n/.exec(this.#buffer.toString('latin1', 0, 4_096));
    if (header === null) {
      if (this.#buffer.length >= 4_096) throw new Error('a header without an end');
      return undefined;
    }
    const bytes = Number(/^content-length:[ \t]*(\d+)[ \t]*\r?$/im.exec(header[1] ?? '')?.[1] ?? Number.NaN);
    if (!(bytes <= MAX_BYTES)) throw new Error('a header without a usable Content-Length');
    const start = header[0].length;
    if (this.#buffer.length < start + bytes) return undefined;
    const text = this.#buffer.toString('utf8', start, start + bytes);
    this.#buffer = this.#buffer.subarray(start + bytes);
    return text;
  }
}
