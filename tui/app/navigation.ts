/** Where the person looks: views, panes, the feed and what is chosen in it. */
import { HubError, type Message } from '../../protocol/index.js';
import { quoteWord } from '../commands/command.js';
import { findById } from '../state/messages.js';
import type { Pane } from '../state/state.js';
import {
  channelView,
  directView,
  type Filter,
  hasFilter,
  inView,
  threadView,
  type View,
  viewKey,
} from '../state/view.js';
import { buildFeed, feedMessages, reveal, scrollBy } from '../view/feed.js';
import { sidebarEntries } from '../view/sidebar.js';
import type { Desk } from './desk.js';

/** Pages of older messages that are looked through for something to show. */
const FILL_PAGES = 5;

export class Navigation {
  readonly #desk: Desk;
  readonly #focused: (pane: Pane) => void;

  /** @param focused what a pane does when keys begin to go to it */
  constructor(desk: Desk, focused: (pane: Pane) => void) {
    this.#desk = desk;
    this.#focused = focused;
  }

  openView(view: View): void {
    this.#desk.dispatch({ type: 'view', view });
    this.#desk.dispatch({ type: 'focus', pane: 'input' });
    void this.fill();
  }

  setFilter(filter: Filter): void {
    this.#desk.dispatch({ type: 'filter', filter });
    void this.fill();
  }

  mute(agent: string, muted: boolean): void {
    this.#desk.dispatch({ type: 'mute', agent, muted });
    this.#desk.say(
      muted ? `${agent} is muted here; /unmute ${quoteWord(agent)} shows it again` : `${agent} is shown again`,
    );
  }

  async findMessage(id: number): Promise<Message> {
    const { window, history } = this.#desk.state;
    return findById(window.messages, id) ?? findById(history, id) ?? (await this.#desk.options.reader.message(id));
  }

  /** Goes to a message: in the open view if it belongs there, else in its channel, thread or conversation. */
  async jumpTo(id: number): Promise<void> {
    if (!this.#shows(id)) {
      const message = await this.findMessage(id);
      const { from_agent } = message;
      if (this.#desk.state.muted.has(from_agent)) {
        throw new HubError('bad_request', `${id} is of ${from_agent}, who is muted; /unmute ${quoteWord(from_agent)}`);
      }
      const view = inView(message, this.#desk.state.view, this.#desk.state.self)
        ? this.#desk.state.view
        : homeOf(message);
      if (hasFilter(this.#desk.state.filter)) this.#desk.dispatch({ type: 'filter', filter: {} });
      if (view !== this.#desk.state.view) this.#desk.dispatch({ type: 'view', view });
      if (!this.#shows(id)) await this.#desk.options.reader.loadAround(view, id);
    }
    this.#desk.dispatch({ type: 'focus', pane: 'feed' });
    this.select(id);
  }

  #shows(id: number): boolean {
    return findById(feedMessages(this.#desk.state), id) !== undefined;
  }

  /** Loads older messages where the feed shows its beginning; some pages more where none of them is for this view. */
  async fill(pages = FILL_PAGES): Promise<void> {
    const { historyState, window, view, filter } = this.#desk.state;
    if (pages === 0 || historyState !== 'idle' || window.floorId === 0) return;
    if (!buildFeed(this.#desk.state, this.#desk.feedSize).atTop) return;
    const { length } = feedMessages(this.#desk.state);
    await this.#desk.options.reader.loadOlder();
    const { state } = this.#desk;
    if (state.view === view && state.filter === filter && feedMessages(state).length === length) {
      await this.fill(pages - 1);
    }
  }

  scroll(by: number): void {
    this.#desk.dispatch({ type: 'scroll', scroll: scrollBy(this.#desk.state, this.#desk.feedSize, by) });
    if (by < 0) void this.fill();
  }

  toEnd(): void {
    this.#desk.dispatch({ type: 'select', id: undefined });
    this.#desk.dispatch({ type: 'scroll', scroll: { kind: 'end' } });
  }

  select(id: number | undefined): void {
    if (id === undefined) return;
    this.#desk.dispatch({ type: 'select', id });
    this.#desk.dispatch({ type: 'scroll', scroll: reveal(this.#desk.state, this.#desk.feedSize, id) });
    void this.fill();
  }

  selected(): Message | undefined {
    const { selectedId } = this.#desk.state;
    return selectedId === undefined ? undefined : feedMessages(this.#desk.state).find(({ id }) => id === selectedId);
  }

  withSelected(act: (message: Message) => void | Promise<void>): void {
    const message = this.selected();
    if (message === undefined) this.#desk.say('select a message first, with ↑ and ↓');
    else this.#desk.attempt(async () => act(message));
  }

  focus(pane: Pane): void {
    this.#desk.dispatch({ type: 'focus', pane });
    this.#focused(pane);
  }

  nextPane(by: 1 | -1): void {
    const panes: Pane[] = ['input', 'sidebar', 'feed', this.#desk.state.right];
    const at = panes.indexOf(this.#desk.state.focus);
    this.focus(panes[(at + by + panes.length) % panes.length] ?? 'input');
  }

  moveView(by: number): void {
    const views = sidebarEntries(this.#desk.state).flatMap(({ view, agent_id }) =>
      view === undefined || agent_id !== undefined ? [] : [view],
    );
    const here = views.findIndex((view) => viewKey(view) === viewKey(this.#desk.state.view));
    const next = views[(here + by + views.length) % views.length];
    if (next !== undefined) this.openView(next);
  }

  nextUnread(): void {
    const places = sidebarEntries(this.#desk.state).filter(
      ({ key }) => key !== undefined && this.#desk.state.unread.has(key),
    );
    const next = places.find(({ key }) => key !== viewKey(this.#desk.state.view))?.view;
    if (next === undefined) this.#desk.say('nothing is unread');
    else this.openView(next);
  }
}

function homeOf({ thread_id, to_agent, from_agent, channel }: Message): View {
  if (to_agent !== null) return directView(from_agent, to_agent);
  return thread_id === null ? channelView(channel) : threadView(thread_id);
}
