/** Unread messages as a short text for a language model: most urgent first, within a budget of tokens. */
import type { Message } from '../../protocol/index.js';
import { estimateTokens } from './tokens.js';
import type { Unread } from './unread.js';

export interface DigestOptions {
  readonly agentId: string;
  /** Most tokens of the text, by `estimateTokens` (default 1_000). */
  readonly budget?: number | undefined;
  /** Says how to read what did not fit, all of it behind this id. */
  readonly howToRead: (since_id: number) => string;
  /** Says how to answer a request. */
  readonly howToAnswer: (id: number) => string;
}

export interface Digest {
  /** Empty when nothing is unread. */
  readonly text: string;
  readonly unread: number;
  readonly requests: number;
  /** Messages of which the text says at least the beginning. */
  readonly shown: readonly Message[];
}

const DEFAULT_BUDGET = 1_000;
/** For the line that says what did not fit. */
const RESERVE = 60;
/** A message that would get less room than this is left out instead. */
const LEAST = 24;

type Urgency = 'request' | 'direct' | 'mention' | 'task' | 'other';
const ORDER: readonly Urgency[] = ['request', 'direct', 'mention', 'task', 'other'];

export function makeDigest(
  { messages, answered }: Pick<Unread, 'messages' | 'answered'>,
  { agentId, budget = DEFAULT_BUDGET, howToRead, howToAnswer }: DigestOptions,
): Digest {
  if (messages.length === 0) return { text: '', unread: 0, requests: 0, shown: [] };
  const ranked = messages
    .map((message) => ({ message, urgency: urgencyOf(message, agentId, answered) }))
    .sort((a, b) => ORDER.indexOf(a.urgency) - ORDER.indexOf(b.urgency) || a.message.id - b.message.id);
  const requests = ranked.filter(({ urgency }) => urgency === 'request').length;
  const asked = requests === 0 ? '' : `, ${requests} waiting for your answer`;
  const lines = [`${messages.length} unread for ${oneLine(agentId)}${asked}:`];
  const shown: Message[] = [];
  const left: Message[] = [];
  let room = budget - RESERVE - estimateTokens(lines[0] ?? '');
  for (const { message, urgency } of ranked) {
    const head = headOf(message, urgency);
    const tail = urgency === 'request' ? ` (${howToAnswer(message.id)})` : '';
    const forBody = room - estimateTokens(`${head}${tail}\n`);
    if (left.length > 0 || forBody < Math.min(LEAST, estimateTokens(message.body))) {
      left.push(message);
      continue;
    }
    const line = `${head} ${bodyOf(message, forBody)}${tail}`;
    lines.push(line);
    shown.push(message);
    room -= estimateTokens(`${line}\n`);
  }
  if (left.length > 0) {
    const first = Math.min(...left.map(({ id }) => id));
    lines.push(`${left.length} more did not fit: ${howToRead(first - 1)}`);
  }
  return { text: lines.join('\n'), unread: messages.length, requests, shown };
}

function urgencyOf(message: Message, agentId: string, answered: ReadonlySet<number>): Urgency {
  if (message.to_agent === agentId) {
    return message.kind === 'task_request' && !answered.has(message.id) ? 'request' : 'direct';
  }
  if (message.body.includes(`@${agentId}`)) return 'mention';
  return message.kind === 'task' || message.kind === 'task_request' ? 'task' : 'other';
}

function headOf({ id, from_agent, to_agent, channel, kind, thread_id, reply_to }: Message, urgency: Urgency): string {
  const where = to_agent === null ? `#${channel} ` : '';
  const marks = [
    ...(urgency === 'request' ? ['REQUEST'] : kind === 'chat' ? [] : [kind]),
    ...(to_agent === null ? [] : ['direct']),
    ...(reply_to === null ? [] : [`re ${reply_to}`]),
    ...(thread_id === null ? [] : [`thread ${thread_id}`]),
  ];
  return oneLine(`[${id}] ${where}${from_agent}${marks.length === 0 ? '' : ` (${marks.join(', ')})`}:`);
}

function bodyOf({ body, attachments }: Message, room: number): string {
  const attached = attachments.length === 0 ? '' : ` [+${attachments.length} attached]`;
  const whole = indented(body) + attached;
  if (estimateTokens(whole) <= room) return whole;
  const marked = (characters: string[]) => `${indented(characters.join(''))}… [cut]${attached}`;
  const characters = [...body.slice(0, room * 8)];
  // Halving finds the longest beginning that fits.
  let fits = 0;
  for (let step = characters.length; step >= 1; step = Math.floor(step / 2)) {
    while (fits + step <= characters.length && estimateTokens(marked(characters.slice(0, fits + step))) <= room) {
      fits += step;
    }
  }
  return marked(characters.slice(0, fits));
}

const CONTROL = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/** Further lines are indented, so that no body can pass for another message of the digest. */
const indented = (text: string) => text.replace(/\r\n?/g, '\n').replace(CONTROL, '').trim().replace(/\n/g, '\n    ');
const oneLine = (text: string) => text.replace(/\s+/g, ' ').replace(CONTROL, '');
