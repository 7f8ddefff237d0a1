/**
 * An agent as a stranger writes one: nothing but `fetch` and long-polls, in any language that can do as much. It
 * imports no client on purpose.
 */

import { CommandError } from '../../base/command-error.js';
import type { Message } from '../../protocol/entities.js';
import { Heard } from './heard.js';

interface Envelope {
  ok: boolean;
  result?: unknown;
  error?: string;
  acquired?: boolean;
}

export class HttpAgent {
  readonly heard = new Heard();
  readonly #url: string;
  readonly #id: string;
  readonly #leaving = new AbortController();
  #sinceId = 0;

  constructor(url: string, id: string) {
    this.#url = url;
    this.#id = id;
  }

  /** Signs in, and listens from the newest message on. */
  async arrive(displayName: string, capabilities: readonly string[]): Promise<void> {
    const agent_id = this.#id;
    await this.post('/v1/sessions', { agent_id, display_name: displayName, capabilities, replace: true });
    const { result } = await this.#ask(`/v1/bootstrap?agent_id=${encodeURIComponent(agent_id)}`);
    this.#sinceId = (result as { latest_visible_id: number }).latest_visible_id;
    void this.#listen();
  }

  async say(channel: string, body: string, fields: Record<string, unknown> = {}): Promise<Message> {
    const { result } = await this.post('/v1/messages', { from_agent: this.#id, channel, body, ...fields });
    return result as Message;
  }

  post(path: string, body: unknown): Promise<Envelope> {
    return this.#ask(path, { method: 'POST', body: JSON.stringify(body) });
  }

  leave(): void {
    this.#leaving.abort();
  }

  async #ask(path: string, init: RequestInit = {}): Promise<Envelope> {
    const answer = await fetch(this.#url + path, init);
    const envelope = (await answer.json()) as Envelope;
    if (!envelope.ok) throw new CommandError(`${path}: ${envelope.error ?? answer.status}`);
    return envelope;
  }

  async #listen(): Promise<void> {
    const { signal } = this.#leaving;
    while (!signal.aborted) {
      const query = `agent_id=${encodeURIComponent(this.#id)}&since_id=${this.#sinceId}&timeout=25&exclude_self=1`;
      try {
        const { result } = await this.#ask(`/v1/events?${query}`, { signal });
        for (const message of result as Message[]) {
          this.#sinceId = message.id;
          this.heard.push(message);
        }
      } catch {
        // It left, or the hub did; the story tells which by what it waits for.
        return;
      }
    }
  }
}
