/**
 * Being one of a shell's jobs: Ctrl+Z gives the terminal back as it was found and stops, as `less` and `htop` do, and `fg`
 * takes it again. Where there is no job control (the program is all that its terminal runs) the system stops nobody, and
 * the screen is drawn again.
 */

/** How long a stop takes that comes. */
const STOPPED_WITHIN_MS = 300;

export interface JobEvents {
  /** Gives the terminal back. */
  leave(): void;
  /** Takes it again, whatever it was made meanwhile, and draws all anew. */
  enter(): void;
  /** The key was pressed where nothing can be stopped. */
  refused(): void;
}

/** Signals of job control, which Windows does not have. */
const hasJobs = process.platform !== 'win32';

export class Job {
  readonly #events: JobEvents;
  readonly #onStop = () => this.#suspend(process.pid);
  readonly #onContinue = () => this.#resume();
  #waiting: NodeJS.Timeout | undefined;
  #continued = false;

  constructor(events: JobEvents) {
    this.#events = events;
    if (!hasJobs) return;
    process.on('SIGTSTP', this.#onStop);
    process.on('SIGCONT', this.#onContinue);
  }

  /** Stops the whole job, a launcher such as npx included. */
  suspend(): void {
    if (hasJobs) this.#suspend(0);
    else this.#events.refused();
  }

  end(): void {
    clearTimeout(this.#waiting);
    if (!hasJobs) return;
    process.off('SIGTSTP', this.#onStop);
    process.off('SIGCONT', this.#onContinue);
  }

  /** @param whom a process, or 0 for all of the job */
  #suspend(whom: number): void {
    if (this.#waiting !== undefined) return;
    this.#events.leave();
    this.#continued = false;
    // Without a handler the system does what the signal means, or, where nobody could end it, nothing.
    process.off('SIGTSTP', this.#onStop);
    process.kill(whom, 'SIGTSTP');
    this.#waiting = setTimeout(() => this.#back(), STOPPED_WITHIN_MS);
  }

  #resume(): void {
    this.#continued = true;
    this.#back();
  }

  #back(): void {
    const wasWaiting = this.#waiting !== undefined;
    clearTimeout(this.#waiting);
    this.#waiting = undefined;
    if (process.listenerCount('SIGTSTP') === 0) process.on('SIGTSTP', this.#onStop);
    this.#events.enter();
    if (wasWaiting && !this.#continued) this.#events.refused();
  }
}
