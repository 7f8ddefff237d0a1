/** Draws at most so often: at once when the last frame is long enough ago, later otherwise, and always the newest. */
export const FRAME_MS = 34;

export class Frames {
  readonly #draw: () => boolean;
  readonly #now: () => number;
  #lastMs = Number.NEGATIVE_INFINITY;
  #costMs = 0;
  #timer: NodeJS.Timeout | undefined;
  #over = false;

  /** @param draw gives false when the terminal cannot take a frame now; it is asked again */
  constructor(draw: () => boolean, now: () => number = () => performance.now()) {
    this.#draw = draw;
    this.#now = now;
  }

  request(): void {
    if (this.#timer !== undefined || this.#over) return;
    // A machine on which frames are slow spends at most a third of its time on them.
    const restMs = Math.max(FRAME_MS, this.#costMs * 3);
    const waitMs = Math.max(0, this.#lastMs + restMs - this.#now());
    this.#timer = setTimeout(() => this.#run(), waitMs);
  }

  stop(): void {
    this.#over = true;
    clearTimeout(this.#timer);
  }

  #run(): void {
    this.#timer = undefined;
    const startMs = this.#now();
    const drawn = this.#draw();
    this.#lastMs = this.#now();
    this.#costMs = this.#lastMs - startMs;
    if (!drawn) this.request();
  }
}
