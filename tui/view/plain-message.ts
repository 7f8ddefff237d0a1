import { printable } from '../../base/terminal-text.js';
import type { Message } from '../../protocol/index.js';
import { textOf } from '../line.js';
import type { State } from '../state/state.js';
import { clockTime, toMs } from '../time.js';
import { attachmentLines } from './attachments.js';
import { KIND_BADGES } from './people.js';

const MAX_CHARS = 4_000;

/** A message in words, most telling first, as a screen reader reads it. */
export function plainMessage(state: State, message: Message): string {
  const { id, ts, from_agent, to_agent, channel, kind, body, reply_to, thread_id, attachments } = message;
  const place =
    to_agent === null ? `in ${printable(channel)}` : `to ${to_agent === state.self ? 'you' : printable(to_agent)}`;
  const extra = [
    kind === 'chat' ? '' : (KIND_BADGES[kind]?.text ?? printable(kind)),
    thread_id === null ? '' : `thread ${printable(thread_id)}`,
    reply_to === null ? '' : `reply to ${reply_to}`,
    `number ${id}`,
  ].filter((each) => each !== '');
  const text = printable(body.slice(0, MAX_CHARS), { lines: true });
  const more = body.length > MAX_CHARS ? ` … ${body.length - MAX_CHARS} more characters` : '';
  const rows = attachments.flatMap((each) =>
    attachmentLines(each, { columns: 100 }).map((row) => `  ${textOf(row).trimEnd()}`),
  );
  return [
    `${clockTime(toMs(ts))} ${printable(from_agent)} ${place} (${extra.join(', ')}): ${text}${more}`,
    ...rows,
  ].join('\n');
}
