/** The dashboard on a real hub without a terminal: keys go in, and the screen is what would be drawn. */
import { randomUUID } from 'node:crypto';
import { App } from '../../../tui/app/app.js';
import { Actor } from '../../../tui/hub/actor.js';
import { Reader } from '../../../tui/hub/reader.js';
import { KeyParser } from '../../../tui/input/key-parser.js';
import { initialState, type State } from '../../../tui/state/state.js';
import { Store } from '../../../tui/store.js';
import { drawText } from '../../../tui/testing/frame.js';
import { until } from '../../support/until.js';

export interface DashboardOptions {
  readonly baseUrl: string;
  readonly token?: string;
  readonly agent_id?: string;
  readonly columns?: number;
  readonly rows?: number;
}

export class Dashboard implements AsyncDisposable {
  readonly store: Store;
  readonly app: App;
  readonly actor: Actor;
  readonly reader: Reader;
  readonly rung: string[] = [];
  readonly copied: string[] = [];
  left = false;
  readonly #parser = new KeyParser();
  readonly #size: { columns: number; rows: number };

  constructor({ baseUrl, token, agent_id = 'operator', columns = 120, rows = 40 }: DashboardOptions) {
    this.#size = { columns, rows };
    this.store = new Store(initialState({ baseUrl, self: agent_id, nowMs: Date.now() }));
    const { dispatch } = this.store;
    const state = () => this.store.state;
    this.reader = new Reader({
      baseUrl,
      token,
      dispatch,
      state,
      seenOf: () => new Map(),
      onLive: (messages) => this.app.arrived(messages),
    });
    this.actor = new Actor({
      baseUrl,
      token,
      agent_id,
      display_name: undefined,
      dispatch,
      state,
      randomId: randomUUID,
      onIdentity: () => void this.reader.loadRequests().catch(() => undefined),
    });
    this.app = new App({
      store: this.store,
      reader: this.reader,
      actor: this.actor,
      size: () => this.#size,
      remember: () => undefined,
      redraw: () => undefined,
      suspend: () => undefined,
      ring: (text) => this.rung.push(text),
      copy: (text) => this.copied.push(text),
      leave: () => {
        this.left = true;
      },
    });
  }

  get state(): State {
    return this.store.state;
  }

  get screen(): string {
    return drawText(this.state, this.#size);
  }

  /** What a terminal would send. */
  type(keys: string): void {
    for (const event of [...this.#parser.push(keys), ...this.#parser.flush()]) this.app.input(event);
  }

  /** Types a line and Enter. */
  enter(text: string): void {
    this.type('\u0015');
    this.type(`\u001b[200~${text}\u001b[201~\r`);
  }

  async sees(text: string | RegExp): Promise<string> {
    return until(
      () => {
        const { screen } = this;
        const found = typeof text === 'string' ? screen.includes(text) : text.test(screen);
        if (!found) throw new Error(screen);
        return screen;
      },
      { what: `the screen to show ${text}`, everyMs: 20 },
    );
  }

  async open(): Promise<void> {
    await Promise.all([this.reader.open(), this.actor.open()]);
    await until(() => this.state.actor.state === 'open' && this.state.agents.has(this.state.self));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.actor.close(), this.reader.close()]);
  }
}

export async function openDashboard(options: DashboardOptions): Promise<Dashboard> {
  const dashboard = new Dashboard(options);
  await dashboard.open();
  return dashboard;
}
