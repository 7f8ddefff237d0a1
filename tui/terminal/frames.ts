/** Draws at most so often: at once when the last frame is long enough ago, later otherwise, and always the newest. */
export const FRAME_MS = 34;
/** A slow machine spends no more than this share of its time on frames that nobody waits for. */
const SHARE = 1 / 3;

export interface FramesClock {
  now(): number;
  /** Processor time that this program has used, in ms; time taken by others says nothing about the cost of a frame. */
  cpuMs(): number;
}

const systemClock: FramesClock = {
  now: () => performance.now(),
  cpuMs: () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1_000;
  },
};

export class Frames {
  readonly #draw: () => boolean;
  readonly #clock: FramesClock;
  #lastMs = Number.NEGATIVE_INFINITY;
  #costMs = 0;
  #timer: NodeJS.Timeout | undefined;
  #dueMs = 0;
  #over = false;

  /** @param draw gives false when the terminal cannot take a frame now; it is asked again */
  constructor(draw: () => boolean, clock: FramesClock = systemClock) {
    this.#draw = draw;
    this.#clock = clock;
  }

  /** @param urgent a person has pressed a key, and waits to see what it did */
  request(urgent = false): void {
    if (this.#over) return;
    const restMs = urgent ? FRAME_MS : Math.max(FRAME_MS, this.#costMs / SHARE);
    const dueMs = this.#lastMs + restMs;
    if (this.#timer !== undefined && this.#dueMs <= dueMs) return;
    clearTimeout(this.#timer);
    this.#dueMs = dueMs;
    this.#timer = setTimeout(() => this.#run(), Math.max(0, dueMs - this.#clock.now()));
  }

  stop(): void {
    this.#over = true;
    clearTimeout(this.#timer);
  }

  #run(): void {
    this.#timer = undefined;
    const beforeMs = this.#clock.cpuMs();
    this.#lastMs = this.#clock.now();
    const drawn = this.#draw();
    this.#costMs = this.#clock.cpuMs() - beforeMs;
    if (!drawn) this.request();
  }
}
