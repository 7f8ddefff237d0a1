import { SYSTEM_AGENT } from '../../../protocol/index.js';
import type { NewMessage } from '../rows.js';

type Said = Pick<NewMessage, 'channel' | 'body'> &
  Partial<Pick<NewMessage, 'thread_id' | 'reply_to' | 'metadata_json'>>;

/** A public message of the hub itself. */
export const systemNotice = (now: string, said: Said): NewMessage => ({
  ts: now,
  from_agent: SYSTEM_AGENT,
  to_agent: null,
  channel: said.channel,
  kind: 'notice',
  body: said.body,
  attachments_json: '[]',
  reply_to: said.reply_to ?? null,
  thread_id: said.thread_id ?? null,
  metadata_json: said.metadata_json ?? '{}',
});
