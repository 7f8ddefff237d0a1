/** What everything that the person does stands on: the state, the hub, and where to say what went wrong. */
import { HubError } from '../../protocol/index.js';
import type { Actor } from '../hub/actor.js';
import type { Reader } from '../hub/reader.js';
import type { Prefs } from '../prefs.js';
import type { Action } from '../state/actions.js';
import type { Notice, Overlay, State } from '../state/state.js';
import type { Store } from '../store.js';
import type { FeedSize } from '../view/feed.js';
import { layoutOf, type Size } from '../view/layout.js';

export interface DeskOptions {
  readonly store: Store;
  readonly reader: Pick<Reader, 'loadOlder' | 'loadAround' | 'message'>;
  readonly actor: Pick<Actor, 'post' | 'call' | 'retry' | 'drop' | 'signInAgain'>;
  readonly size: () => Size;
  readonly remember: (prefs: Pick<Prefs, 'display_name' | 'bell'>) => void;
  readonly redraw: () => void;
  readonly ring: (text: string, how: 'bell' | 'notice') => void;
  /** Puts text on the clipboard of the terminal (OSC 52), where it lets programs do that. */
  readonly copy: (text: string) => void;
  readonly leave: () => void;
  /** Back to the shell, until it is taken up again. */
  readonly suspend: () => void;
}

export class Desk {
  readonly options: DeskOptions;

  constructor(options: DeskOptions) {
    this.options = options;
  }

  get state(): State {
    return this.options.store.state;
  }

  get actor(): DeskOptions['actor'] {
    return this.options.actor;
  }

  get feedSize(): FeedSize {
    const layout = layoutOf(this.state, this.options.size());
    return { columns: layout.feed, rows: layout.paneRows };
  }

  readonly dispatch = (action: Action): void => this.options.store.dispatch(action);

  say(text: string, tone: Notice['tone'] = 'info'): void {
    this.dispatch({ type: 'notice', text, tone });
  }

  /** What goes wrong is said; nothing that the person asked for fails in silence. */
  attempt(act: () => Promise<void>): void {
    act().catch((cause: unknown) => this.say(HubError.from(cause).message, 'bad'));
  }

  /** Opens a window over the panes, or gives the open one what it is to remember. */
  open(overlay: Overlay): void {
    this.dispatch({ type: 'overlay', overlay });
  }

  /** No window stands over the panes any more. */
  close(): void {
    this.dispatch({ type: 'overlay', overlay: undefined });
  }
}
