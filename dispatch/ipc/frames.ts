/** Frames of the daemon's socket: four bytes of length, big-endian, then so many bytes of UTF-8 JSON (dispatch §3). */
export const MAX_FRAME_BYTES = 16 * 1024 * 1024;

/** The length is none that is taken; nothing of the frame was kept. */
export class FrameTooLarge extends Error {
  override readonly name = 'FrameTooLarge';
}

export function encodeFrame(value: unknown): Buffer {
  const body = Buffer.from(JSON.stringify(value));
  const frame = Buffer.allocUnsafe(4 + body.length);
  frame.writeUInt32BE(body.length);
  body.copy(frame, 4);
  return frame;
}

/** Bytes in pieces of any size to whole texts, in order. */
export class FrameDecoder {
  #chunks: Buffer[] = [];
  #bytes = 0;
  #wanted: number | undefined;

  /** Whether a frame has begun and not ended. */
  get isTorn(): boolean {
    return this.#bytes > 0 || this.#wanted !== undefined;
  }

  /** @throws {FrameTooLarge} a length of 0 or above 16 MiB, before anything is set aside for it */
  push(chunk: Buffer): string[] {
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    const texts: string[] = [];
    for (;;) {
      if (this.#wanted === undefined) {
        if (this.#bytes < 4) return texts;
        const length = this.#take(4).readUInt32BE();
        if (length === 0 || length > MAX_FRAME_BYTES) throw new FrameTooLarge('frame too large');
        this.#wanted = length;
      }
      if (this.#bytes < this.#wanted) return texts;
      texts.push(this.#take(this.#wanted).toString('utf8'));
      this.#wanted = undefined;
    }
  }

  /** Joins only when a frame is whole, so that many small pieces cost no more than they hold. */
  #take(bytes: number): Buffer {
    const all = this.#chunks.length === 1 ? (this.#chunks[0] ?? Buffer.alloc(0)) : Buffer.concat(this.#chunks);
    this.#bytes -= bytes;
    this.#chunks = this.#bytes === 0 ? [] : [all.subarray(bytes)];
    return all.subarray(0, bytes);
  }
}
