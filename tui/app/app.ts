/** What the person does, turned into actions on the state and operations on the hub. */

import { printable } from '../../base/terminal-text.js';
import { HubError, type Message } from '../../protocol/index.js';
import type { Actor } from '../hub/actor.js';
import type { Reader } from '../hub/reader.js';
import { completions } from '../input/completion.js';
import * as edit from '../input/editor.js';
import type { InputEvent } from '../input/key-parser.js';
import { bindingOf, type KeyId } from '../input/keys.js';
import { findSlash, parseSlash, quoteWord } from '../input/slash.js';
import type { Prefs } from '../prefs.js';
import type { Action } from '../state/actions.js';
import { findById } from '../state/messages.js';
import type { Notice, Overlay, Pane, PostParams, Question, State } from '../state/state.js';
import {
  ALL,
  channelView,
  concerns,
  directView,
  type Filter,
  hasFilter,
  INBOX,
  inView,
  threadView,
  type View,
  viewKey,
} from '../state/view.js';
import type { Store } from '../store.js';
import { detailItems } from '../view/detail.js';
import { buildFeed, type FeedSize, feedMessages, neighbour, reveal, scrollBy } from '../view/feed.js';
import { layoutOf, type Size } from '../view/layout.js';
import { sidebarEntries, sidebarKeys } from '../view/sidebar.js';
import { paletteMatches, windowHeight, windowSize } from '../view/windows.js';
import { runSlash } from './commands.js';
import { InputHistory } from './input-history.js';
import { postOf } from './posting.js';

const WHEEL_LINES = 3;
/** Text of one paste; a message holds less by default. */
const MAX_INPUT = 1_000_000;
/** Pages of older messages that are looked through for something to show. */
const FILL_PAGES = 5;

export interface AppOptions {
  readonly store: Store;
  readonly reader: Pick<Reader, 'loadOlder' | 'loadAround' | 'message'>;
  readonly actor: Pick<Actor, 'post' | 'call' | 'retry' | 'drop' | 'signInAgain'>;
  readonly size: () => Size;
  readonly remember: (prefs: Pick<Prefs, 'display_name' | 'bell'>) => void;
  readonly redraw: () => void;
  readonly ring: (text: string, how: 'bell' | 'notice') => void;
  readonly leave: () => void;
  /** Back to the shell, until it is taken up again. */
  readonly suspend: () => void;
}

type Lease = { readonly kind: 'claim' | 'lock'; readonly name: string };

export class App {
  readonly actor: AppOptions['actor'];
  readonly #options: AppOptions;
  readonly #history = new InputHistory();
  #answer: ((id: string) => void) | undefined;

  constructor(options: AppOptions) {
    this.#options = options;
    this.actor = options.actor;
  }

  get state(): State {
    return this.#options.store.state;
  }

  readonly dispatch = (action: Action): void => this.#options.store.dispatch(action);

  input(event: InputEvent) {
    const { overlay, focus } = this.state;
    if (event.type === 'mouse') return this.#mouse(event);
    if (event.type === 'paste') return this.#text(cleanPaste(event.text), true);
    if (event.type === 'text') {
      if (overlay !== undefined) return this.#overlayText(event.text);
      return this.#text(event.text, false);
    }
    if (event.name === 'ctrl+c') return this.leave();
    if (event.name === 'ctrl+z') return this.#options.suspend();
    if (overlay !== undefined) return this.#overlayKey(overlay, event.name);
    const id = bindingOf(event.name, focus);
    if (id !== undefined) this.run(id);
  }

  /** Does what a key of the table does. */
  run(id: KeyId): void {
    this.#keys[id]();
  }

  say(text: string, tone: Notice['tone'] = 'info'): void {
    this.dispatch({ type: 'notice', text, tone });
  }

  leave(): void {
    this.#options.leave();
  }

  remember(prefs: Pick<Prefs, 'display_name' | 'bell'>): void {
    this.#options.remember(prefs);
  }

  openView(view: View): void {
    this.dispatch({ type: 'view', view });
    this.dispatch({ type: 'focus', pane: 'input' });
    void this.#fill();
  }

  openHelp(): void {
    this.dispatch({ type: 'overlay', overlay: { kind: 'help', scroll: 0 } });
  }

  setFilter(filter: Filter): void {
    this.dispatch({ type: 'filter', filter });
    void this.#fill();
  }

  mute(agent: string, muted: boolean): void {
    this.dispatch({ type: 'mute', agent, muted });
    this.say(muted ? `${agent} is muted here; /unmute ${quoteWord(agent)} shows it again` : `${agent} is shown again`);
  }

  post(params: PostParams) {
    const { shutdown, reader } = this.state;
    // A hub that is gone already has nothing to cancel; the post waits.
    if (shutdown === undefined || reader.state !== 'open') return this.actor.post(params);
    this.#ask(
      {
        title: 'The hub is about to shut down.',
        lines: ['Your post can cancel the shutdown first, or go out before it.'],
        answers: [
          { key: 'y', label: 'cancel the shutdown, then post', id: 'cancel' },
          { key: 'p', label: 'post only', id: 'post' },
          { key: 'escape', label: 'neither', id: 'no' },
        ],
      },
      (answer) => {
        if (answer === 'no') {
          this.dispatch({ type: 'input', input: edit.editorOf(params.body) });
          return;
        }
        const ready = answer === 'cancel' ? this.actor.call('hub.shutdown.cancel', {}) : Promise.resolve();
        this.#attempt(async () => {
          await ready;
          this.actor.post(params);
        });
      },
    );
  }

  postHere(body: string, { kind, ...more }: Pick<PostParams, 'kind' | 'attachments'> = {}): void {
    const { composing } = this.state;
    const params = postOf({ ...this.state, composing: { ...composing, ...(kind && { kind }) } }, body);
    if (params === undefined) {
      throw new HubError('bad_request', 'you only read along here; /dm writes to one of the two');
    }
    this.dispatch({ type: 'composing', composing: {} });
    this.dispatch({ type: 'scroll', scroll: { kind: 'end' } });
    this.post({ ...params, ...more });
  }

  async findMessage(id: number): Promise<Message> {
    const { window, history } = this.state;
    return findById(window.messages, id) ?? findById(history, id) ?? (await this.#options.reader.message(id));
  }

  async completeTask(task_id: number): Promise<void> {
    const { parent_completed } = await this.actor.call('tasks.complete', { task_id });
    this.say(`task ${task_id} is done${parent_completed ? ', and its parent with it' : ''}`, 'good');
  }

  /** Goes to a message: in the open view if it belongs there, else in its channel, thread or conversation. */
  async jumpTo(id: number): Promise<void> {
    if (!this.#shows(id)) {
      const message = await this.findMessage(id);
      const { from_agent } = message;
      if (this.state.muted.has(from_agent)) {
        throw new HubError('bad_request', `${id} is of ${from_agent}, who is muted; /unmute ${quoteWord(from_agent)}`);
      }
      const view = inView(message, this.state.view, this.state.self) ? this.state.view : homeOf(message);
      if (hasFilter(this.state.filter)) this.dispatch({ type: 'filter', filter: {} });
      if (view !== this.state.view) this.dispatch({ type: 'view', view });
      if (!this.#shows(id)) await this.#options.reader.loadAround(view, id);
    }
    this.dispatch({ type: 'focus', pane: 'feed' });
    this.#select(id);
  }

  #shows(id: number): boolean {
    return findById(feedMessages(this.state), id) !== undefined;
  }

  askRelease({ kind, name }: Lease): void {
    const held = kind === 'claim' ? this.state.claims.get(name) : this.state.locks.get(name);
    if (held === undefined) throw new HubError('not_found', `nobody holds the ${kind} “${name}”`);
    const owner = 'owner_agent_id' in held ? held.owner_agent_id : held.agent_id;
    const isOwn = owner === this.state.self;
    const what = `${kind} ${printable(name)}`;
    const lines = isOwn
      ? ['It is yours.']
      : [
          `${printable(owner)} holds it, may be at work on it, and is not asked.`,
          'A public notice will say that you released it.',
        ];
    this.#ask(
      {
        title: `Release ${what}?`,
        lines,
        answers: [
          { key: 'y', label: isOwn ? 'release it' : `release it from ${printable(owner)}`, id: 'yes' },
          { key: 'escape', label: 'no', id: 'no' },
        ],
      },
      (answer) => {
        if (answer !== 'yes') return;
        this.#attempt(async () => {
          const force = isOwn ? {} : { force: true };
          if (kind === 'claim') await this.actor.call('claims.release', { claim_key: name, ...force });
          else await this.actor.call('locks.release', { file_path: name, ...force });
          this.say(`released ${what}`, 'good');
        });
      },
    );
  }

  askShutdown(delay_sec: number): void {
    const others = [...this.state.agents.keys()].filter((id) => id !== this.state.self).length;
    this.#ask(
      {
        title: `Shut the hub down in ${delay_sec} s?`,
        lines: [
          others === 0
            ? 'Nobody else is here.'
            : `It ends for everybody: ${others} other ${others === 1 ? 'agent is' : 'agents are'} here. A public notice tells them.`,
        ],
        answers: [
          { key: 'y', label: 'shut the hub down', id: 'yes' },
          { key: 'l', label: 'only leave this dashboard', id: 'leave' },
          { key: 'escape', label: 'no', id: 'no' },
        ],
      },
      (answer) => {
        if (answer === 'leave') this.leave();
        if (answer !== 'yes') return;
        this.#attempt(async () => {
          await this.actor.call('hub.shutdown.start', { delay_sec });
          this.say(`the hub shuts down in ${delay_sec} s; /cancel stops that`);
        });
      },
    );
  }

  askCancelShutdown(): void {
    if (this.state.shutdown === undefined) throw new HubError('bad_request', 'no shutdown is pending');
    this.#ask(
      {
        title: 'Cancel the shutdown?',
        lines: ['Whoever started it, the hub goes on. A public notice says so.'],
        answers: [
          { key: 'y', label: 'cancel it', id: 'yes' },
          { key: 'escape', label: 'no', id: 'no' },
        ],
      },
      (answer) => {
        if (answer === 'yes') this.#attempt(async () => void (await this.actor.call('hub.shutdown.cancel', {})));
      },
    );
  }

  /** Rings for what is for the operator, once for all that came together. */
  arrived(messages: readonly Message[]): void {
    const { self, bell, muted } = this.state;
    if (bell === 'off') return;
    const first = messages.find((message) => concerns(message, self) && !muted.has(message.from_agent));
    if (first !== undefined)
      this.#options.ring(`${printable(first.from_agent)}: ${printable(first.body)}`.slice(0, 200), bell);
  }

  /** Loads older messages where the feed shows its beginning; some pages more where none of them is for this view. */
  async #fill(pages = FILL_PAGES): Promise<void> {
    const { historyState, window, view, filter } = this.state;
    if (pages === 0 || historyState !== 'idle' || window.floorId === 0) return;
    if (!buildFeed(this.state, this.#feedSize()).atTop) return;
    const { length } = feedMessages(this.state);
    await this.#options.reader.loadOlder();
    const { state } = this;
    if (state.view === view && state.filter === filter && feedMessages(state).length === length) {
      await this.#fill(pages - 1);
    }
  }

  #feedSize(): FeedSize {
    const layout = layoutOf(this.state, this.#options.size());
    return { columns: layout.feed, rows: layout.paneRows };
  }

  #scroll(by: number): void {
    this.dispatch({ type: 'scroll', scroll: scrollBy(this.state, this.#feedSize(), by) });
    if (by < 0) void this.#fill();
  }

  #toEnd(): void {
    this.dispatch({ type: 'select', id: undefined });
    this.dispatch({ type: 'scroll', scroll: { kind: 'end' } });
  }

  #select(id: number | undefined): void {
    if (id === undefined) return;
    this.dispatch({ type: 'select', id });
    this.dispatch({ type: 'scroll', scroll: reveal(this.state, this.#feedSize(), id) });
    void this.#fill();
  }

  #selected(): Message | undefined {
    const { selectedId } = this.state;
    return selectedId === undefined ? undefined : feedMessages(this.state).find(({ id }) => id === selectedId);
  }

  #withSelected(act: (message: Message) => void | Promise<void>): void {
    const message = this.#selected();
    if (message === undefined) this.say('select a message first, with ↑ and ↓');
    else this.#attempt(async () => act(message));
  }

  /** What goes wrong is said; nothing that the person asked for fails in silence. */
  #attempt(act: () => Promise<void>): void {
    act().catch((cause: unknown) => this.say(HubError.from(cause).message, 'bad'));
  }

  #focus(pane: Pane): void {
    this.dispatch({ type: 'focus', pane });
    if (pane === 'feed' && this.state.selectedId === undefined) {
      this.#select(neighbour(this.state, this.#feedSize(), undefined, 0));
    }
    if (pane === 'sidebar') this.dispatch({ type: 'sidebar', key: viewKey(this.state.view) });
    if (pane === 'detail')
      this.dispatch({ type: 'detail', key: this.state.detailKey ?? detailItems(this.state)[0]?.key });
  }

  #nextPane(by: 1 | -1): void {
    const panes: Pane[] = ['input', 'sidebar', 'feed', 'detail'];
    const at = panes.indexOf(this.state.focus);
    this.#focus(panes[(at + by + panes.length) % panes.length] ?? 'input');
  }

  #editInput(change: (editor: edit.Editor) => edit.Editor): void {
    this.dispatch({ type: 'input', input: change(this.state.input) });
  }

  #text(text: string, isPaste: boolean) {
    const { focus, overlay, input } = this.state;
    if (overlay !== undefined) return this.#overlayText(text);
    if (focus !== 'input' && !isPaste) {
      const letters = [...text];
      for (const letter of letters) {
        const id = bindingOf(letter, this.state.focus);
        // The letter before may have opened a window.
        if (this.state.overlay !== undefined) this.#overlayText(letter);
        else if (id !== undefined) this.run(id);
        else if (letter === '/') {
          this.#focus('input');
          this.#editInput((editor) => edit.insert(editor, letter));
        } else if (this.state.focus === 'input') this.#editInput((editor) => edit.insert(editor, letter));
      }
      return;
    }
    if (text === '?' && input.text === '' && !isPaste) return this.run('help-empty');
    if (focus !== 'input') this.#focus('input');
    if (input.text.length + text.length > MAX_INPUT)
      return this.say('that is more text than one message can hold', 'bad');
    this.#editInput((editor) => edit.insert(editor, text));
  }

  /** Does with a whole text what Enter does with the one in the input; an answer, while a question is open. */
  submit(text: string) {
    const { overlay } = this.state;
    if (overlay?.kind === 'question') {
      const key = text.trim().toLowerCase().slice(0, 1);
      const known = overlay.question.answers.some((each) => each.key === key);
      return this.#answerWith(overlay.question, known ? key : 'escape');
    }
    this.dispatch({ type: 'overlay', overlay: undefined });
    this.dispatch({ type: 'input', input: edit.editorOf(text) });
    this.#submit();
  }

  #submit(): void {
    const { input } = this.state;
    const text = input.text;
    if (text.trim() === '') return;
    this.#history.add(text);
    this.dispatch({ type: 'input', input: edit.EMPTY_EDITOR });
    if (!text.startsWith('/')) {
      try {
        this.postHere(text);
      } catch (cause) {
        this.dispatch({ type: 'input', input });
        this.say(HubError.from(cause).message, 'bad');
      }
      return;
    }
    const parsed = parseSlash(text);
    if (!parsed.ok) {
      // It stays to be corrected.
      this.dispatch({ type: 'input', input });
      this.say(parsed.error, 'bad');
      return;
    }
    const { command, args } = parsed;
    this.#attempt(async () => runSlash(this, command.name, args));
  }

  /** Takes the chosen completion; whether there was one. */
  #complete(): boolean {
    const { input, completionIndex = 0 } = this.state;
    const { from, items } = completions(this.state);
    const chosen = items[Math.min(completionIndex, items.length - 1)];
    if (chosen === undefined) return false;
    const text = input.text.slice(0, from) + chosen.insert + input.text.slice(input.cursor);
    this.dispatch({ type: 'input', input: { text, cursor: from + chosen.insert.length } });
    return true;
  }

  /** Whether Enter means the list: somebody moved in it, or the name of a command is only begun. */
  #isChoosing(): boolean {
    const { input, completionIndex = 0 } = this.state;
    const name = /^\/(\S+)$/.exec(input.text)?.[1];
    return completionIndex > 0 || (name !== undefined && findSlash(name) === undefined);
  }

  #moveCompletion(by: number): boolean {
    const { completionIndex = 0 } = this.state;
    const { length } = completions(this.state).items;
    if (length === 0) return false;
    this.dispatch({ type: 'completion', index: (Math.min(completionIndex, length - 1) + by + length) % length });
    return true;
  }

  #upOrDown(by: -1 | 1) {
    if (this.#moveCompletion(by)) return;
    const { input } = this.state;
    const moved = edit.vertical(input, by);
    if (moved !== undefined) return this.dispatch({ type: 'input', input: moved });
    const text = by < 0 ? this.#history.older(input.text) : this.#history.newer();
    if (text !== undefined) this.dispatch({ type: 'input', input: edit.editorOf(text) });
  }

  #escape() {
    const { focus, input, composing, scroll } = this.state;
    if (focus !== 'input') return this.#focus('input');
    if (completions(this.state).items.length > 0) return this.dispatch({ type: 'completion', index: undefined });
    if (composing.reply_to !== undefined || composing.kind !== undefined) {
      return this.dispatch({ type: 'composing', composing: {} });
    }
    if (scroll.kind === 'at') return this.#toEnd();
    if (input.text !== '') {
      this.#history.add(input.text);
      this.dispatch({ type: 'input', input: edit.EMPTY_EDITOR });
    }
  }

  #moveView(by: number): void {
    const views = sidebarEntries(this.state).flatMap(({ view, agent_id }) =>
      view === undefined || agent_id !== undefined ? [] : [view],
    );
    const here = views.findIndex((view) => viewKey(view) === viewKey(this.state.view));
    const next = views[(here + by + views.length) % views.length];
    if (next !== undefined) this.openView(next);
  }

  #nextUnread(): void {
    const places = sidebarEntries(this.state).filter(({ key }) => key !== undefined && this.state.unread.has(key));
    const next = places.find(({ key }) => key !== viewKey(this.state.view))?.view;
    if (next === undefined) this.say('nothing is unread');
    else this.openView(next);
  }

  #moveIn(keys: readonly string[], current: string | undefined, by: number): string | undefined {
    const at = current === undefined ? -1 : keys.indexOf(current);
    return keys[Math.max(0, Math.min(keys.length - 1, at + by))];
  }

  #sidebarEntry() {
    const { sidebarKey } = this.state;
    return sidebarEntries(this.state).find(({ key }) => key !== undefined && key === sidebarKey);
  }

  #detailItem() {
    const { detailKey } = this.state;
    return detailItems(this.state).find(({ key }) => key === detailKey)?.item;
  }

  #compose(reply_to: Message, kind?: string): void {
    this.dispatch({ type: 'composing', composing: { reply_to, kind } });
    this.#focus('input');
  }

  readonly #keys: Record<KeyId, () => void> = {
    help: () => this.openHelp(),
    'help-empty': () => this.openHelp(),
    'feed-help': () => this.openHelp(),
    'side-help': () => this.openHelp(),
    'detail-help': () => this.openHelp(),
    palette: () =>
      this.dispatch({ type: 'overlay', overlay: { kind: 'palette', query: edit.EMPTY_EDITOR, selected: 0 } }),
    leave: () => this.leave(),
    suspend: () => this.#options.suspend(),
    'next-pane': () => {
      if (this.state.focus === 'input' && this.#complete()) return;
      this.#nextPane(1);
    },
    'previous-pane': () => {
      if (this.state.focus === 'input' && this.#moveCompletion(-1)) return;
      this.#nextPane(-1);
    },
    type: () => this.#escape(),
    'page-up': () => this.#scroll(-Math.max(1, this.#feedSize().rows - 2)),
    'page-down': () => this.#scroll(Math.max(1, this.#feedSize().rows - 2)),
    'line-up': () => this.#scroll(-1),
    'line-down': () => this.#scroll(1),
    newest: () => this.#toEnd(),
    'next-view': () => this.#moveView(1),
    'previous-view': () => this.#moveView(-1),
    'next-unread': () => this.#nextUnread(),
    inbox: () => this.openView(INBOX),
    everything: () => this.openView(ALL),
    details: () => {
      const isShown = layoutOf(this.state, this.#options.size()).detail > 0;
      this.dispatch({ type: 'show-detail', show: !isShown });
      if (isShown && this.state.focus === 'detail') this.#focus('input');
    },
    redraw: () => this.#options.redraw(),
    send: () => {
      if (!this.#isChoosing() || !this.#complete()) this.#submit();
    },
    newline: () => this.#editInput((editor) => edit.insert(editor, '\n')),
    up: () => this.#upOrDown(-1),
    down: () => this.#upOrDown(1),
    left: () => this.#editInput(edit.left),
    right: () => this.#editInput(edit.right),
    'word-left': () => this.#editInput(edit.wordLeft),
    'word-right': () => this.#editInput(edit.wordRight),
    home: () => this.#editInput(edit.home),
    end: () => {
      if (this.state.input.text === '') this.#toEnd();
      else this.#editInput(edit.end);
    },
    backspace: () => this.#editInput(edit.backspace),
    delete: () => this.#editInput(edit.deleteForward),
    'delete-word': () => this.#editInput(edit.deleteWord),
    'delete-to-start': () => this.#editInput(edit.deleteToStart),
    'delete-to-end': () => this.#editInput(edit.deleteToEnd),
    'select-up': () => this.#select(neighbour(this.state, this.#feedSize(), this.state.selectedId, -1)),
    'select-down': () => this.#select(neighbour(this.state, this.#feedSize(), this.state.selectedId, 1)),
    'feed-top': () => this.#select(feedMessages(this.state)[0]?.id),
    'feed-end': () => {
      this.#toEnd();
      this.#select(feedMessages(this.state).at(-1)?.id);
    },
    'open-message': () =>
      this.#withSelected(({ id }) => this.dispatch({ type: 'overlay', overlay: { kind: 'message', id, scroll: 0 } })),
    reply: () => this.#withSelected((message) => this.#compose(message)),
    answer: () =>
      this.#withSelected((message) => {
        if (message.kind !== 'task_request') return this.say('this is no request; r replies to it');
        this.#compose(message, 'task_result');
      }),
    'open-thread': () =>
      this.#withSelected(({ thread_id }) => {
        if (thread_id === null) this.say('this message is in no thread');
        else this.openView(threadView(thread_id));
      }),
    direct: () => this.#withSelected(({ from_agent }) => this.openView(directView(from_agent, this.state.self))),
    complete: () =>
      this.#withSelected(({ id }) => {
        if (this.state.tasks.has(id)) this.#askComplete(id);
        else this.say('this message is no task');
      }),
    mute: () => this.#withSelected(({ from_agent }) => this.mute(from_agent, !this.state.muted.has(from_agent))),
    'only-agent': () =>
      this.#withSelected(({ from_agent }) =>
        this.setFilter(this.state.filter.agent === undefined ? { ...this.state.filter, agent: from_agent } : {}),
      ),
    'side-up': () =>
      this.dispatch({ type: 'sidebar', key: this.#moveIn(sidebarKeys(this.state), this.state.sidebarKey, -1) }),
    'side-down': () =>
      this.dispatch({ type: 'sidebar', key: this.#moveIn(sidebarKeys(this.state), this.state.sidebarKey, 1) }),
    'side-open': () => {
      const view = this.#sidebarEntry()?.view;
      if (view !== undefined) this.openView(view);
    },
    'side-mute': () => {
      const agent = this.#sidebarEntry()?.agent_id;
      if (agent === undefined) this.say('only agents can be muted');
      else this.mute(agent, !this.state.muted.has(agent));
    },
    'side-read': () => this.dispatch({ type: 'seen-all' }),
    'detail-up': () => this.#moveDetail(-1),
    'detail-down': () => this.#moveDetail(1),
    'detail-open': () => {
      const item = this.#detailItem();
      if (item?.kind === 'task') this.#attempt(() => this.jumpTo(item.task_id));
      else if (item?.kind === 'claim' && item.thread_id !== null) this.openView(threadView(item.thread_id));
      else if (item !== undefined) this.openView(directView(item.owner, this.state.self));
    },
    'detail-complete': () => {
      const item = this.#detailItem();
      if (item?.kind === 'task') this.#askComplete(item.task_id);
      else this.say('this is no task; x releases a claim or a lock');
    },
    'detail-release': () => {
      const item = this.#detailItem();
      if (item?.kind === 'claim') this.#attempt(async () => this.askRelease({ kind: 'claim', name: item.claim_key }));
      else if (item?.kind === 'lock')
        this.#attempt(async () => this.askRelease({ kind: 'lock', name: item.file_path }));
      else this.say('this is no claim and no lock; c completes a task');
    },
  };

  /** One key is pressed by mistake more easily than a command is typed, and a task that is done stays done. */
  #askComplete(task_id: number): void {
    const title = printable(this.state.titles.get(task_id) ?? '');
    this.#ask(
      {
        title: `Mark task ${task_id} done?`,
        lines: title === '' ? [] : [title],
        answers: [
          { key: 'y', label: 'it is done', id: 'yes' },
          { key: 'escape', label: 'no', id: 'no' },
        ],
      },
      (answer) => {
        if (answer === 'yes') this.#attempt(() => this.completeTask(task_id));
      },
    );
  }

  #moveDetail(by: number): void {
    const keys = detailItems(this.state).map(({ key }) => key);
    this.dispatch({ type: 'detail', key: this.#moveIn(keys, this.state.detailKey, by) });
  }

  #ask(question: Question, answer: (id: string) => void): void {
    this.#answer = answer;
    this.dispatch({ type: 'overlay', overlay: { kind: 'question', question } });
  }

  #close(): void {
    this.dispatch({ type: 'overlay', overlay: undefined });
  }

  #overlayText(text: string): void {
    const { overlay } = this.state;
    if (overlay?.kind === 'palette') {
      const query = edit.insert(overlay.query, printable(text));
      this.dispatch({ type: 'overlay', overlay: { ...overlay, query, selected: 0 } });
    } else if (overlay?.kind === 'question') {
      // One letter is an answer; a paste that happens to begin with it is not.
      if ([...text].length === 1) this.#answerWith(overlay.question, text.toLowerCase());
    } else if (text === 'q' || text === '?') this.#close();
    else if (overlay !== undefined && (text === 'j' || text === 'k'))
      this.#overlayKey(overlay, text === 'j' ? 'down' : 'up');
    else if (overlay !== undefined && text === ' ') this.#overlayKey(overlay, 'pagedown');
  }

  #answerWith({ answers }: Question, key: string): void {
    const chosen = answers.find((each) => each.key === key);
    if (chosen === undefined) return;
    const answer = this.#answer;
    this.#answer = undefined;
    this.#close();
    answer?.(chosen.id);
  }

  #overlayKey(overlay: Overlay, key: string) {
    if (overlay.kind === 'question') return this.#answerWith(overlay.question, key);
    if (key === 'escape' || key === 'f1' || key === 'ctrl+p') return this.#close();
    if (overlay.kind === 'palette') return this.#paletteKey(overlay, key);
    const size = windowSize(this.#options.size().columns, this.#options.size().rows);
    const by = { up: -1, down: 1, pageup: -size.rows, pagedown: size.rows, home: -1e6, end: 1e6 }[key];
    if (by === undefined) return;
    const most = Math.max(0, windowHeight(this.state, overlay, size.columns) - size.rows);
    const scroll = Math.max(0, Math.min(most, overlay.scroll + by));
    this.dispatch({ type: 'overlay', overlay: { ...overlay, scroll } });
  }

  #paletteKey(overlay: Overlay & { kind: 'palette' }, key: string) {
    const matches = paletteMatches(this.state, overlay.query.text);
    const last = Math.max(0, matches.length - 1);
    if (key === 'enter') {
      const chosen = matches[overlay.selected]?.run;
      this.#close();
      if (chosen?.kind === 'view') this.openView(chosen.view);
      else if (chosen?.kind === 'key') this.run(chosen.id);
      else if (chosen?.kind === 'slash') this.#runFromPalette(chosen.command);
      return;
    }
    const by = { up: -1, down: 1, pageup: -8, pagedown: 8, tab: 1, 'shift+tab': -1 }[key];
    if (by !== undefined) {
      const selected = Math.max(0, Math.min(last, overlay.selected + by));
      return this.dispatch({ type: 'overlay', overlay: { ...overlay, selected } });
    }
    const change = { backspace: edit.backspace, 'ctrl+w': edit.deleteWord, 'ctrl+u': edit.deleteToStart }[key];
    if (change !== undefined) {
      this.dispatch({ type: 'overlay', overlay: { ...overlay, query: change(overlay.query), selected: 0 } });
    }
  }

  /** A command that needs more is put into the input, to be finished there. */
  #runFromPalette({
    name,
    args,
  }: {
    name: Parameters<typeof runSlash>[1];
    args: readonly { optional?: boolean }[];
  }): void {
    if (args.some(({ optional }) => optional !== true)) {
      this.#focus('input');
      this.dispatch({ type: 'input', input: edit.editorOf(`/${name} `) });
    } else this.#attempt(async () => runSlash(this, name, []));
  }

  #mouse(event: InputEvent & { type: 'mouse' }) {
    const { overlay } = this.state;
    const isWheel = event.action !== 'press';
    const by = event.action === 'wheel-up' ? -1 : 1;
    if (overlay !== undefined) {
      if (isWheel) this.#overlayKey(overlay, by < 0 ? 'up' : 'down');
      return;
    }
    const layout = layoutOf(this.state, this.#options.size());
    const pane = paneAt(layout, event.column, event.row);
    if (!isWheel) return this.#focus(pane);
    if (pane === 'sidebar' && this.state.focus === 'sidebar') this.run(by < 0 ? 'side-up' : 'side-down');
    else if (pane === 'detail' && this.state.focus === 'detail') this.#moveDetail(by);
    else this.#scroll(by * WHEEL_LINES);
  }
}

function homeOf({ thread_id, to_agent, from_agent, channel }: Message): View {
  if (to_agent !== null) return directView(from_agent, to_agent);
  return thread_id === null ? channelView(channel) : threadView(thread_id);
}

function paneAt({ sidebar, feed, paneRows }: ReturnType<typeof layoutOf>, column: number, row: number): Pane {
  if (row < 1 || row > paneRows) return 'input';
  if (sidebar > 0 && column <= sidebar) return 'sidebar';
  return column <= (sidebar > 0 ? sidebar + 1 : 0) + feed ? 'feed' : 'detail';
}

/** Line ends as they are sent, and nothing that could act on a terminal. */
function cleanPaste(text: string): string {
  return text.includes('\t')
    ? text
        .split('\t')
        .map((part) => printable(part, { lines: true }))
        .join('\t')
    : printable(text, { lines: true });
}
