/** What a shell offers behind `arc …`: commands and flags of the program, and what a running hub knows. */
import type { Command } from 'commander';
import { HubClient } from '../client/index.js';
import { DEFAULT_BASE_URL, DEFAULT_HOST } from '../protocol/index.js';
import { urlOf } from './hub/probe.js';

/** A shell waits for no hub longer than a person does. */
const PATIENCE_MS = 800;

type Kind = 'agents' | 'channels' | 'threads' | 'claims' | 'locks' | 'tasks';

/** What stands behind a flag, whichever command has it. */
const OF_FLAG: Readonly<Record<string, Kind>> = {
  '--agent': 'agents',
  '--to': 'agents',
  '--channel': 'channels',
  '--thread-id': 'threads',
  '--task-id': 'tasks',
};
/** What a command takes as its first word. */
const OF_COMMAND: Readonly<Record<string, Kind>> = {
  thread: 'threads',
  complete: 'tasks',
  claim: 'claims',
  refresh: 'claims',
  release: 'claims',
  lock: 'locks',
  unlock: 'locks',
};

export interface Candidate {
  readonly value: string;
  readonly description: string;
}

/**
 * What may stand where the last of `words` is being typed.
 *
 * @param words what follows `arc`; the last one may be empty
 */
export async function candidates(program: Command, words: readonly string[]): Promise<Candidate[]> {
  const typed = words.at(-1) ?? '';
  const before = words.slice(0, -1);
  const commands = program.createHelp().visibleCommands(program);
  const command = commands.find((each) => each.name() === before.find((word) => !word.startsWith('-')));
  if (command === undefined)
    return starting(
      typed,
      commands.map((each) => [each.name(), each.description()]),
    );
  const options = program.createHelp().visibleOptions(command);
  const takesValue = (flag: string | undefined) =>
    options.find((each) => each.long === flag && (each.required || each.optional));
  const [, joined, rest] = /^(--[\w-]+)=(.*)$/s.exec(typed) ?? [];
  const option = takesValue(joined ?? before.at(-1));
  if (option !== undefined) {
    const found = starting(
      rest ?? typed,
      option.argChoices?.map((each) => [each, '']) ?? (await known(OF_FLAG[option.long ?? ''], words)),
    );
    return joined === undefined ? found : found.map((each) => ({ ...each, value: `${joined}=${each.value}` }));
  }
  if (typed.startsWith('-'))
    return starting(
      typed,
      options.map((each) => [each.long ?? '', each.description]),
    );
  const plain = before.filter((word, index) => !word.startsWith('-') && takesValue(before[index - 1]) === undefined);
  const argument = command.registeredArguments[plain.length - 1];
  const kind = plain.length === 1 ? OF_COMMAND[command.name()] : undefined;
  return starting(typed, argument?.argChoices?.map((each) => [each, '']) ?? (await known(kind, words)));
}

const starting = (typed: string, rows: readonly (readonly [string, string])[]): Candidate[] =>
  rows
    .filter(([value]) => value !== '' && value.startsWith(typed))
    .map(([value, description]) => ({ value, description }));

/** The script that asks for them; nothing of what is typed is evaluated. */
export function completionScript(shell: 'bash' | 'zsh' | 'fish', arc: string): string {
  switch (shell) {
    case 'bash':
      return `_arc() {
  local line
  COMPREPLY=()
  while IFS= read -r line; do
    COMPREPLY+=("\${line%%$'\\t'*}")
  done < <(${arc} completion complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -o default -F _arc arc arc-hub`;
    case 'zsh':
      return `#compdef arc arc-hub
_arc() {
  local line
  local -a found
  while IFS= read -r line; do
    # A colon parts a word from what it means.
    found+=("\${\${line%%$'\\t'*}//:/\\\\:}:\${line#*$'\\t'}")
  done < <(${arc} completion complete -- "\${(@)words[2,$CURRENT]}" 2>/dev/null)
  (( $#found )) && _describe arc found || _files
}
compdef _arc arc arc-hub`;
    case 'fish':
      return `function __arc_complete
  set -l words (commandline -opc) (commandline -ct)
  ${arc} completion complete -- $words[2..-1] 2>/dev/null
end
complete -c arc -a '(__arc_complete)'
complete -c arc-hub -a '(__arc_complete)'`;
  }
}

/** A hub that does not answer at once, or at all, offers nothing. */
async function known(kind: Kind | undefined, words: readonly string[]): Promise<(readonly [string, string])[]> {
  if (kind === undefined) return [];
  const after = (flag: string) => (words.includes(flag) ? words[words.indexOf(flag) + 1] : undefined);
  const port = after('--port') ?? process.env.ARC_PORT;
  const baseUrl = after('--base-url') ?? process.env.ARC_BASE_URL ?? (port && urlOf(DEFAULT_HOST, Number(port)));
  try {
    await using hub = HubClient.overHttp(undefined, { baseUrl: baseUrl || DEFAULT_BASE_URL, timeoutMs: PATIENCE_MS });
    return safe(await ASK[kind](hub));
  } catch {
    return [];
  }
}

const ASK: Readonly<Record<Kind, (hub: HubClient) => Promise<[string, string][]>>> = {
  agents: async (hub) => (await hub.agents()).map(({ agent_id, display_name }) => [agent_id, display_name]),
  channels: async (hub) => (await hub.channels()).map(({ name }) => [name, '']),
  threads: async (hub) => (await hub.threads()).map(({ thread_id, status }) => [thread_id, status]),
  claims: async (hub) =>
    (await hub.claims({ active_only: true })).map((claim) => [claim.claim_key, `held by ${claim.owner_agent_id}`]),
  locks: async (hub) =>
    (await hub.locks({ active_only: true })).map((lock) => [lock.file_path, `held by ${lock.agent_id}`]),
  tasks: async (hub) =>
    (await hub.tasks({ status: 'open' })).map(({ task_id, channel }) => [String(task_id), `#${channel}`]),
};

/**
 * Shells put what is offered into the command line as it is, and names are given by agents: only those are offered that
 * mean nothing to a shell.
 */
const safe = (rows: readonly (readonly [string, string])[]) =>
  rows
    .filter(([value]) => /^[\p{L}\p{N}_.@/+-][\p{L}\p{N}_.:@/+-]*$/u.test(value) && !value.startsWith('-'))
    .map(([value, description]) => [value, description.replace(/[^\p{L}\p{N} _.:@/#+-]+/gu, ' ')] as const);
