/** All that the dashboard knows. One value, changed by `reduce` only; the screen is a function of it. */
import type {
  Attachment,
  AuditEntry,
  Claim,
  HubInfo,
  Lock,
  Message,
  SearchHit,
  SearchResult,
  Session,
  Task,
  Thread,
  Token,
  Whoami,
} from '../../protocol/index.js';
import { type Editor, EMPTY_EDITOR } from '../input/editor.js';
import { EMPTY_WINDOW, type MessageWindow } from './messages.js';
import { ALL, type Filter, type View } from './view.js';

export type LinkState = 'connecting' | 'waiting' | 'open' | 'lost' | 'closed';

export interface LinkStatus {
  readonly state: LinkState;
  readonly text?: string | undefined;
  readonly sinceMs: number;
}

/** A post that the hub has not acknowledged. It keeps its key through every attempt. */
export interface UnsentPost {
  readonly key: string;
  readonly params: PostParams;
  readonly status: 'sending' | 'failed';
  readonly error?: string | undefined;
  readonly sinceMs: number;
}

export interface PostParams {
  readonly channel?: string | undefined;
  readonly to_agent?: string | undefined;
  readonly kind?: string | undefined;
  readonly body: string;
  readonly reply_to?: number | undefined;
  readonly thread_id?: string | undefined;
  readonly parent_task_id?: number | undefined;
  readonly attachments?: readonly Attachment[] | undefined;
}

/** What the next post will be, beside its text. */
export interface Composing {
  readonly reply_to?: Message | undefined;
  readonly kind?: string | undefined;
}

/** Panes that stand right of the feed, one at a time. */
export const RIGHT_PANES = ['detail'] as const;
export type RightPane = (typeof RIGHT_PANES)[number];
export type Pane = 'input' | 'sidebar' | 'feed' | RightPane;

export interface Question {
  readonly title: string;
  readonly lines: readonly string[];
  readonly answers: readonly { readonly key: string; readonly label: string; readonly id: string }[];
}

/** What a window remembers while it is open. */
export type Overlay =
  | { readonly kind: 'help'; readonly scroll: number }
  | { readonly kind: 'palette'; readonly query: Editor; readonly selected: number }
  | { readonly kind: 'question'; readonly question: Question }
  | { readonly kind: 'message'; readonly id: number; readonly scroll: number }
  | { readonly kind: 'tokens'; readonly selected: number }
  /** The text of a new token, which is nowhere else, and is gone when the window is closed. */
  | { readonly kind: 'secret'; readonly token: string; readonly what: string }
  | { readonly kind: 'audit'; readonly scroll: number }
  | {
      readonly kind: 'search';
      readonly query: Editor;
      readonly hits: readonly SearchHit[];
      readonly more: SearchResult['more'];
      /** Why nothing could be looked for. */
      readonly problem: string | undefined;
      readonly selected: number;
    };

/** A line of the dashboard itself, which nobody else sees and nothing stores. */
export interface Notice {
  readonly id: number;
  readonly atMs: number;
  readonly text: string;
  readonly tone: 'info' | 'good' | 'bad';
  /** Stands in the feed after the message that was the newest then. */
  readonly afterId: number;
}

/** Where the feed stands: at its end, or at a message that keeps its place while others come. */
export type Scroll =
  | { readonly kind: 'end' }
  /** The last line shown is line `line` of message `id`. */
  | { readonly kind: 'at'; readonly id: number; readonly line: number };

export interface Shutdown {
  readonly atMs: number;
  readonly delay_sec: number;
}

export interface State {
  readonly baseUrl: string;
  /** The connection that reads; what it says is what the dashboard shows as its connection. */
  readonly reader: LinkStatus;
  /** The connection that acts as the operator. */
  readonly actor: LinkStatus;
  readonly self: string;
  readonly display_name: string;
  readonly info: HubInfo | undefined;
  /** Whom the hub takes the dashboard for; undefined for a hub that does not say. */
  readonly reading: Whoami | undefined;
  /** Undefined where the reader may not know them. */
  readonly tokens: readonly Token[] | undefined;
  /** Its newest lines, by id; empty where the reader may not know them. */
  readonly audit: readonly AuditEntry[];
  readonly instance_id: string | undefined;
  readonly shutdown: Shutdown | undefined;
  readonly allow_remote: boolean | undefined;
  /** Why the hub cannot write, and what to do; undefined while it can. */
  readonly storeProblem: string | undefined;

  readonly window: MessageWindow;
  /** Older messages of the open view. */
  readonly history: readonly Message[];
  readonly historyState: 'idle' | 'loading' | 'complete';
  /** Oldest id that was looked at for the history; undefined while none was. */
  readonly historyFrom: number | undefined;
  /** Messages of the open view above this id, up to the window, are missing. */
  readonly gapAfter: number | undefined;
  readonly latestId: number;
  /** Where the log stood when the dashboard began; what came up to here was loaded, not said meanwhile. */
  readonly startId: number;
  readonly channels: readonly string[];
  readonly agents: ReadonlyMap<string, Session>;
  readonly threads: ReadonlyMap<string, Thread>;
  /** Direct conversations by the key of their view, with the id of their newest message. */
  readonly directs: ReadonlyMap<string, { readonly view: View; readonly latestId: number }>;
  readonly tasks: ReadonlyMap<number, Task>;
  /** First words of the messages that made tasks, by task id. */
  readonly titles: ReadonlyMap<number, string>;
  readonly claims: ReadonlyMap<string, Claim>;
  readonly locks: ReadonlyMap<string, Lock>;
  /** Requests to the operator that nobody has answered. */
  readonly requests: ReadonlyMap<number, Message>;

  /** Unread messages by the key of the view, since its mark. */
  readonly unread: ReadonlyMap<string, number>;
  /** Newest message seen, by the key of the view. */
  readonly seen: ReadonlyMap<string, number>;
  readonly unsent: readonly UnsentPost[];
  readonly notices: readonly Notice[];
  /** Messages of each of the last seconds, newest last. */
  readonly rate: readonly number[];

  readonly view: View;
  readonly scroll: Scroll;
  /** Messages of the view that came while the feed was scrolled back. */
  readonly below: number;
  readonly filter: Filter;
  readonly muted: ReadonlySet<string>;
  readonly focus: Pane;
  /** The row that is chosen in a pane that is a list, by its key. */
  readonly rows: Readonly<Partial<Record<Pane, string | undefined>>>;
  /** Message of the feed that keys act on. */
  readonly selectedId: number | undefined;
  /** The pane right of the feed. */
  readonly right: RightPane;
  /** Whether it is shown; undefined: where there is room. */
  readonly showRight: boolean | undefined;
  readonly overlay: Overlay | undefined;
  readonly input: Editor;
  /** Row chosen in the list of completions; undefined while the list was sent away. */
  readonly completionIndex: number | undefined;
  readonly composing: Composing;
  readonly bell: 'off' | 'bell' | 'notice';
  readonly nowMs: number;
}

export const RATE_SECONDS = 24;

export const NO_HISTORY = { history: [], historyState: 'idle', historyFrom: undefined, gapAfter: undefined } as const;

/** Of a hub that has told nothing yet. */
export const NOTHING_HEARD = {
  info: undefined,
  reading: undefined,
  tokens: undefined,
  audit: [],
  shutdown: undefined,
  window: EMPTY_WINDOW,
  ...NO_HISTORY,
  latestId: 0,
  startId: 0,
  channels: [],
  agents: new Map(),
  threads: new Map(),
  directs: new Map(),
  tasks: new Map(),
  titles: new Map(),
  claims: new Map(),
  locks: new Map(),
  requests: new Map(),
  unread: new Map(),
} satisfies Partial<State>;

export function initialState(options: {
  readonly baseUrl: string;
  readonly self: string;
  readonly nowMs: number;
  readonly seen?: ReadonlyMap<string, number>;
  readonly bell?: State['bell'];
}): State {
  const { baseUrl, self, nowMs, seen = new Map(), bell = 'bell' } = options;
  return {
    baseUrl,
    reader: { state: 'connecting', sinceMs: nowMs },
    actor: { state: 'connecting', sinceMs: nowMs },
    self,
    display_name: self,
    instance_id: undefined,
    allow_remote: undefined,
    storeProblem: undefined,
    ...NOTHING_HEARD,
    seen,
    unsent: [],
    notices: [],
    rate: new Array<number>(RATE_SECONDS).fill(0),
    view: ALL,
    scroll: { kind: 'end' },
    below: 0,
    filter: {},
    muted: new Set(),
    focus: 'input',
    rows: {},
    selectedId: undefined,
    right: 'detail',
    showRight: undefined,
    overlay: undefined,
    input: EMPTY_EDITOR,
    completionIndex: 0,
    composing: {},
    bell,
    nowMs,
  };
}
