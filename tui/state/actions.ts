import type { TopicChange } from '../../client/index.js';
import type {
  AuditEntry,
  Channel,
  Claim,
  HubInfo,
  Lock,
  Message,
  PendingShutdown,
  Session,
  Task,
  Thread,
  Token,
  Whoami,
} from '../../protocol/index.js';
import type { Editor } from '../input/editor.js';
import type { Composing, LinkState, Notice, Overlay, Pane, Scroll, State, UnsentPost } from './state.js';
import type { Filter, View } from './view.js';

/** Everything that can happen to the state. */
export type Action =
  | {
      readonly type: 'link';
      readonly which: 'reader' | 'actor';
      readonly state: LinkState;
      readonly text?: string | undefined;
    }
  | { readonly type: 'identity'; readonly self: string; readonly display_name: string }
  | { readonly type: 'hub'; readonly info: HubInfo }
  | { readonly type: 'reading'; readonly reading: Whoami | undefined }
  | { readonly type: 'tokens'; readonly tokens: readonly Token[] }
  /** Lines of the audit, beside those that are known. */
  | { readonly type: 'audit'; readonly lines: readonly AuditEntry[] }
  /** Another store answers: nothing that was known holds. */
  | { readonly type: 'instance'; readonly current: string; readonly seen: ReadonlyMap<string, number> }
  /** Where the log stood when the dashboard began to read; older messages were loaded on purpose. */
  | { readonly type: 'started'; readonly since_id: number; readonly latest_id: number }
  | { readonly type: 'messages'; readonly messages: readonly Message[] }
  | { readonly type: 'history-loading' }
  | {
      readonly type: 'history';
      readonly view: View;
      readonly messages: readonly Message[];
      /** Oldest id that was looked at; 1 where nothing older exists. */
      readonly from: number;
      /** Newest id that was looked at, where what follows it is not loaded; takes the place of what was loaded before. */
      readonly gapAfter?: number;
    }
  | { readonly type: 'history-failed' }
  | { readonly type: 'channels'; readonly channels: readonly Channel[] }
  | { readonly type: 'agents'; readonly agents: readonly Session[] }
  | { readonly type: 'threads'; readonly threads: readonly Thread[] }
  | { readonly type: 'tasks'; readonly tasks: readonly Task[] }
  | { readonly type: 'titles'; readonly messages: readonly Message[] }
  | { readonly type: 'claims'; readonly claims: readonly Claim[] }
  | { readonly type: 'locks'; readonly locks: readonly Lock[] }
  | { readonly type: 'requests'; readonly messages: readonly Message[] }
  | { readonly type: 'shutdown'; readonly pending: PendingShutdown | null }
  | { readonly type: 'network'; readonly allow_remote: boolean }
  | { readonly type: 'change'; readonly change: TopicChange }
  | { readonly type: 'unsent'; readonly post: UnsentPost }
  | { readonly type: 'unsent-gone'; readonly key: string }
  | { readonly type: 'notice'; readonly text: string; readonly tone: Notice['tone'] }
  | { readonly type: 'view'; readonly view: View }
  | { readonly type: 'scroll'; readonly scroll: Scroll }
  | { readonly type: 'select'; readonly id: number | undefined }
  | { readonly type: 'filter'; readonly filter: Filter }
  | { readonly type: 'mute'; readonly agent: string; readonly muted: boolean }
  | { readonly type: 'focus'; readonly pane: Pane }
  | { readonly type: 'row'; readonly pane: Pane; readonly key: string | undefined }
  | { readonly type: 'show-right'; readonly show: boolean }
  | { readonly type: 'overlay'; readonly overlay: Overlay | undefined }
  | { readonly type: 'input'; readonly input: Editor }
  | { readonly type: 'completion'; readonly index: number | undefined }
  | { readonly type: 'composing'; readonly composing: Composing }
  | { readonly type: 'bell'; readonly bell: State['bell'] }
  | { readonly type: 'seen-all' }
  | { readonly type: 'tick'; readonly nowMs: number };
