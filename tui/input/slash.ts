/** The slash commands: their names, arguments and help. What they do is in `app/commands.ts`. */

export type ArgKind =
  | 'channel'
  | 'agent'
  | 'thread'
  | 'claim'
  | 'lock'
  | 'task'
  | 'request'
  | 'message'
  | 'kind'
  | 'on-off'
  | 'bell'
  | 'filter'
  | 'seconds'
  | 'file'
  | 'text';

export interface SlashArg {
  readonly name: string;
  readonly kind: ArgKind;
  readonly optional?: boolean;
}

export interface SlashCommand {
  readonly name: SlashName;
  readonly aliases: readonly string[];
  readonly args: readonly SlashArg[];
  readonly summary: string;
}

const arg = (name: string, kind: ArgKind, optional = false): SlashArg => ({ name, kind, optional });

const table = [
  ['help', ['?'], [], 'show keys and commands'],
  ['channels', [], [], 'list the channels'],
  ['channel', ['c', 'join'], [arg('name', 'channel')], 'open a channel'],
  ['create-channel', [], [arg('name', 'text')], 'create a channel and open it'],
  ['thread', ['t'], [arg('id', 'thread')], 'open a thread'],
  ['all', ['everything'], [], 'open everything that is said'],
  ['inbox', [], [], 'open what is for you: direct messages, mentions, requests'],
  [
    'dm',
    ['msg'],
    [arg('agent', 'agent'), arg('text', 'text', true)],
    'write directly to an agent; without text, open the conversation',
  ],
  ['reply', ['r'], [arg('message', 'message'), arg('text', 'text')], 'reply to a message by its number'],
  [
    'request',
    ['ask'],
    [arg('agent', 'agent'), arg('text', 'text')],
    'ask an agent for something: a task_request to it',
  ],
  ['answer', [], [arg('request', 'request'), arg('text', 'text')], 'answer a request: its task is done'],
  ['task', [], [arg('text', 'text')], 'post a task for whoever takes it'],
  ['post', [], [arg('kind', 'kind'), arg('text', 'text')], 'post a message of any kind'],
  [
    'attach',
    [],
    [arg('file', 'file'), arg('text', 'text', true)],
    'post a file, or lines of it as file:10-20, with what it says',
  ],
  ['nudge', [], [arg('agent', 'agent')], 'ask an agent, directly, where it stands'],
  ['complete', ['done'], [arg('task', 'task')], 'mark a task done'],
  ['release', [], [arg('claim', 'claim')], "release a claim, also somebody else's: asks first, says so publicly"],
  ['unlock', [], [arg('path', 'lock')], "release a lock, also somebody else's: asks first, says so publicly"],
  ['jump', ['goto'], [arg('message', 'message')], 'go to a message by its number'],
  ['filter', [], [arg('what', 'filter', true)], 'show only agent=…, kind=…, or what holds a text; off shows all'],
  ['search', ['find'], [arg('text', 'text')], 'find a text in what is loaded'],
  ['mute', [], [arg('agent', 'agent')], 'hide an agent in this dashboard'],
  ['unmute', [], [arg('agent', 'agent')], 'show a muted agent again'],
  ['read', [], [], 'mark everything read'],
  ['nick', ['name'], [arg('name', 'text')], 'change your display name'],
  ['agents', [], [], 'list the agents with what they can and hold'],
  ['network', [], [arg('on or off', 'on-off', true)], 'serve peers off this machine, or no longer; alone: say which'],
  [
    'quit',
    ['exit'],
    [arg('seconds', 'seconds', true)],
    'shut the hub down (default in 60 s); asks first. Ctrl+C leaves the dashboard only',
  ],
  ['cancel', ['cancel-shutdown'], [], 'cancel the shutdown; asks first'],
  ['retry', [], [], 'send again what was not sent'],
  ['drop', [], [], 'forget what was not sent'],
  ['signin', [], [], 'sign in again, after another program took your name'],
  ['bell', [], [arg('how', 'bell')], 'on: ring for what is for you; notice: show it on the desktop; off'],
  ['leave', ['bye'], [], 'leave the dashboard; the hub goes on'],
] as const satisfies readonly (readonly [string, readonly string[], readonly SlashArg[], string])[];

export type SlashName = (typeof table)[number][0];

export const SLASH: readonly SlashCommand[] = table.map(([name, aliases, args, summary]) => ({
  name,
  aliases,
  args,
  summary,
}));

/** Commands are found whatever their case (arc-v1 §11.2). */
export function findSlash(name: string): SlashCommand | undefined {
  const wanted = name.toLowerCase();
  return SLASH.find((each) => each.name === wanted || each.aliases.includes(wanted));
}

/** `/dm <agent> [text]`. */
export const usage = ({ name, args }: SlashCommand): string =>
  [`/${name}`, ...args.map((each) => (each.optional ? `[${each.name}]` : `<${each.name}>`))].join(' ');

export type ParsedSlash =
  | { readonly ok: true; readonly command: SlashCommand; readonly args: readonly string[] }
  | { readonly ok: false; readonly error: string };

/**
 * Reads `/name arg … rest`: every argument but the last is one word, or quoted; the last is all that is left, and may span
 * lines.
 */
export function parseSlash(input: string): ParsedSlash {
  const match = /^\/(\S*)\s*([\s\S]*)$/.exec(input.trim());
  const name = match?.[1] ?? '';
  const command = findSlash(name);
  if (command === undefined) {
    const near = SLASH.find((each) => each.name.startsWith(name.slice(0, 3).toLowerCase()));
    const hint = near === undefined || name === '' ? '' : ` Did you mean /${near.name}?`;
    return { ok: false, error: `unknown command: /${name}.${hint} Nothing was posted; a leading space posts it.` };
  }
  const args: string[] = [];
  let rest = match?.[2] ?? '';
  for (const [i, each] of command.args.entries()) {
    if (rest === '') {
      if (each.optional !== true) return { ok: false, error: `usage: ${usage(command)}` };
      break;
    }
    if (i === command.args.length - 1) {
      args.push(unquote(rest.trimEnd()));
      rest = '';
      break;
    }
    const word = /^("(?:[^"\\]|\\.)*"|\S+)\s*([\s\S]*)$/.exec(rest);
    args.push(unquote(word?.[1] ?? rest));
    rest = word?.[2] ?? '';
  }
  if (rest !== '') return { ok: false, error: `usage: ${usage(command)}` };
  return { ok: true, command, args };
}

function unquote(word: string): string {
  if (!/^"(?:[^"\\]|\\.)*"$/.test(word)) return word;
  return word.slice(1, -1).replace(/\\(.)/g, '$1');
}

/** A name as an argument: quoted where it has spaces. */
export const quoteWord = (word: string): string => (/[\s"]/.test(word) ? `"${word.replace(/["\\]/g, '\\$&')}"` : word);
