/**
 * Unread messages as a short text for a language model: most urgent first, within a budget of tokens.
 *
 * A model must be able to tell what the hub says from what an agent says. A message begins with what the hub says of it,
 * up to a colon, with every name quoted that could pass for more than a name; what follows is the agent's, and its further
 * lines are indented.
 */
import type { Message } from '../../protocol/index.js';
import { estimateTokens } from './tokens.js';
import type { Unread } from './unread.js';

export interface DigestOptions {
  readonly agentId: string;
  /** Most tokens of the text, by `estimateTokens` (default 1_000). How many are unread is said whatever it costs. */
  readonly budget?: number | undefined;
  /** Says how to read what did not fit, all of it behind this id; whether that is everything, since the budget is so small. */
  readonly howToRead: (since_id: number, isAll: boolean) => string;
  /** What the first line begins with; the name of the agent follows. */
  readonly title?: ((count: number) => string) | undefined;
  /** Among equally urgent ones; by default the oldest comes first. */
  readonly newestFirst?: boolean | undefined;
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
/** A message that would get less room than this is left out instead. */
const LEAST = 24;

type Urgency = 'request' | 'direct' | 'mention' | 'task' | 'other';
const ORDER: readonly Urgency[] = ['request', 'direct', 'mention', 'task', 'other'];

export function makeDigest(
  { messages, answered }: Pick<Unread, 'messages' | 'answered'>,
  options: DigestOptions,
): Digest {
  if (messages.length === 0) return { text: '', unread: 0, requests: 0, shown: [] };
  const { agentId, budget = DEFAULT_BUDGET, howToRead, howToAnswer, newestFirst = false } = options;
  const title = (options.title ?? unreadFor)(messages.length);
  const age = newestFirst ? -1 : 1;
  const ranked = messages
    .map((message) => ({ message, urgency: urgencyOf(message, agentId, answered) }))
    .sort((a, b) => ORDER.indexOf(a.urgency) - ORDER.indexOf(b.urgency) || age * (a.message.id - b.message.id));
  const requests = ranked.filter(({ urgency }) => urgency === 'request').length;
  const asked = requests === 0 ? '' : `, ${requests} waiting for your answer`;
  const lines = [`${title} ${oneLine(agentId)}${asked}:`];
  const shown: Message[] = [];
  const left: Message[] = [];
  const restFrom = (id: number, count: number) => `${count} more did not fit: ${howToRead(id - 1, shown.length === 0)}`;
  const latest = Math.max(...messages.map(({ id }) => id));
  let room = budget - estimateTokens(`${lines[0]}\n${restFrom(latest, messages.length)}\n`);
  for (const { message, urgency } of ranked) {
    const head = headOf(message, urgency === 'request' ? howToAnswer(message.id) : undefined);
    const forBody = room - estimateTokens(`${head}\n`);
    if (left.length > 0 || forBody < Math.min(LEAST, estimateTokens(message.body))) {
      left.push(message);
      continue;
    }
    const line = `${head} ${bodyOf(message, forBody)}`;
    lines.push(line);
    shown.push(message);
    room -= estimateTokens(`${line}\n`);
  }
  if (left.length > 0) lines.push(restFrom(Math.min(...left.map(({ id }) => id)), left.length));
  return { text: lines.join('\n'), unread: messages.length, requests, shown };
}

const unreadFor = (count: number) => `${count} unread for`;

function urgencyOf(message: Message, agentId: string, answered: ReadonlySet<number>): Urgency {
  if (message.to_agent === agentId) {
    return message.kind === 'task_request' && !answered.has(message.id) ? 'request' : 'direct';
  }
  if (isMentioned(message.body, agentId)) return 'mention';
  return message.kind === 'task' || message.kind === 'task_request' ? 'task' : 'other';
}

/** `@ben`, which `@benedict` is not. */
function isMentioned(body: string, agentId: string): boolean {
  const mark = `@${agentId}`;
  for (let at = body.indexOf(mark); at !== -1; at = body.indexOf(mark, at + 1)) {
    const end = at + mark.length;
    if (!/^[\p{L}\p{N}_-]/u.test(body.slice(end, end + 2))) return true;
  }
  return false;
}

/** @param toAnswer how to answer it, if it is a request that waits for an answer */
function headOf(
  { id, from_agent, to_agent, channel, kind, thread_id, reply_to, attachments }: Message,
  toAnswer: string | undefined,
): string {
  const where = to_agent === null ? `#${nameOf(channel)} ` : '';
  const marks = [
    ...(toAnswer !== undefined ? ['REQUEST'] : kind === 'chat' ? [] : [kind]),
    ...(to_agent === null ? [] : ['direct']),
    ...(reply_to === null ? [] : [`re ${reply_to}`]),
    ...(thread_id === null ? [] : [`thread ${nameOf(thread_id)}`]),
    ...(attachments.length === 0 ? [] : [`${attachments.length} attached`]),
    ...(toAnswer === undefined ? [] : [`answer with ${toAnswer}`]),
  ];
  return `[${id}] ${where}${nameOf(from_agent)}${marks.length === 0 ? '' : ` (${marks.join(', ')})`}:`;
}

/** Agents, channels and threads may be called anything, a piece of a digest too. */
function nameOf(name: string): string {
  const plain = oneLine(name);
  return /^[\p{L}\p{N}][\p{L}\p{N} _.@/+-]*$/u.test(plain) ? plain : JSON.stringify(plain);
}

function bodyOf({ body }: Message, room: number): string {
  const whole = indented(body);
  if (estimateTokens(whole) <= room) return whole;
  const marked = (characters: string[]) => `${indented(characters.join(''))}… [cut]`;
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

/** What moves a cursor, ends a line, reorders what is seen or is not seen at all; what joins emoji stays. */
const CONTROL =
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\u{e0000}-\u{e007f}]/gu;

const indented = (text: string) => text.replace(/\r\n?/g, '\n').replace(CONTROL, '').trim().replace(/\n/g, '\n    ');
const oneLine = (text: string) => text.replace(/\s+/g, ' ').replace(CONTROL, '').trim();
