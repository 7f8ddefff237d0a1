/** What commits add to the world, besides messages: changes of state, told to everyone who listens (websocket §5). */
import type { AuditRow, ChannelRow, LeaseRow, MessageRow, SessionRow, TaskRow, TokenRow } from './rows.js';

interface StateRows {
  session: SessionRow;
  channel: ChannelRow;
  claim: LeaseRow;
  lock: LeaseRow;
  task: TaskRow;
  token: TokenRow;
  audit: AuditRow;
}

export type StateTopic = keyof StateRows;

export interface StateChangeOf<Topic extends StateTopic> {
  readonly topic: Topic;
  readonly change: string;
  readonly row: StateRows[Topic];
}

/** One of the topics with the row that is its own. */
export type StateChange = { [Topic in StateTopic]: StateChangeOf<Topic> }[StateTopic];

/** What one commit, of this hub or of another on the same file, added; messages ascend by id. */
export interface Committed {
  readonly messages: readonly MessageRow[];
  readonly changes: readonly StateChange[];
}
