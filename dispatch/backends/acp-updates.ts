/** What an ACP agent tells while it works (`session/update`), as text of the answer and as progress. */
import type { Progress } from './backend.js';

interface Update {
  readonly sessionUpdate?: unknown;
  readonly content?: unknown;
  readonly title?: unknown;
  readonly entries?: unknown;
}

export class UpdateReader {
  readonly #onProgress: ((progress: Progress) => void) | undefined;
  #text = '';

  constructor(onProgress: ((progress: Progress) => void) | undefined) {
    this.#onProgress = onProgress;
  }

  /** The answer so far. */
  get text(): string {
    return this.#text;
  }

  /** A message of ACP on one line; what is none is passed over. */
  line(line: string): void {
    let message: { method?: unknown; params?: { update?: Update } };
    try {
      message = JSON.parse(line);
    } catch {
      return;
    }
    if (message?.method === 'session/update' && message.params?.update) this.update(message.params.update);
  }

  update(update: Update): void {
    const { sessionUpdate, content, title, entries } = update;
    if (sessionUpdate === 'agent_message_chunk') {
      const text = (content as { type?: unknown; text?: unknown } | undefined)?.text;
      if (typeof text !== 'string') return;
      this.#text += text;
      this.#onProgress?.({ kind: 'text', text: lastLine(this.#text) });
    } else if (sessionUpdate === 'tool_call' && typeof title === 'string') {
      this.#onProgress?.({ kind: 'tool', text: title });
    } else if (sessionUpdate === 'plan' && Array.isArray(entries)) {
      const now = entries.find((entry) => entry?.status === 'in_progress') ?? entries[0];
      if (typeof now?.content === 'string') this.#onProgress?.({ kind: 'plan', text: now.content });
    }
  }
}

const lastLine = (text: string) => text.trimEnd().split('\n').at(-1)?.slice(-200) ?? '';
