import { CommandError } from '../../base/command-error.js';
import type { Message } from '../../protocol/entities.js';

const PATIENCE_MS = 15_000;

/** What has come to an agent of the demo, so that its part of the story can wait for a certain message. */
export class Heard {
  readonly #messages: Message[] = [];
  #wake: (() => void) | undefined;

  push(message: Message): void {
    this.#messages.push(message);
    this.#wake?.();
  }

  /** The first message not taken before that `matches`; waits for it. */
  async next(what: string, matches: (message: Message) => boolean): Promise<Message> {
    const deadline = Date.now() + PATIENCE_MS;
    while (true) {
      const at = this.#messages.findIndex(matches);
      const [found] = at === -1 ? [] : this.#messages.splice(at, 1);
      if (found !== undefined) return found;
      const leftMs = deadline - Date.now();
      if (leftMs <= 0) throw new CommandError(`the demo waited in vain for ${what}`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, leftMs);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }
}
