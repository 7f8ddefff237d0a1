/**
 * What the harnesses call their hooks, how they want them answered, and where they are configured.
 *
 * Source: code.claude.com/docs/en/hooks, developers.openai.com/codex/hooks (and the schemas in openai/codex,
 * codex-rs/hooks/schema), cursor.com/docs/hooks, geminicli.com/docs/hooks/reference.
 */
import { join } from 'node:path';

/** What happens in a harness, whatever it calls it. */
export type Moment = 'start' | 'prompt' | 'tool' | 'compact' | 'stop' | 'end';

export interface Harness {
  readonly title: string;
  /** Its names of the moments that it has hooks for and in which text can reach the model, or is not needed. */
  readonly events: Readonly<Record<string, Moment>>;
  /** Adds text to what the model reads. */
  readonly context: (event: string, text: string) => object;
  /** Sends the model back to work instead of letting its turn end. */
  readonly hold: (text: string) => object;
  /** Whether the turn ended by itself, where the harness says so: one that a person stopped is not taken up again. */
  readonly isDone?: (input: Readonly<Record<string, unknown>>) => boolean;
  /** Whether a session that starts goes on with less than it knew before: compacted, cleared or resumed. */
  readonly hasForgotten?: (input: Readonly<Record<string, unknown>>) => boolean;
  /** How often this turn was held before, where the harness counts. */
  readonly heldBefore?: (input: Readonly<Record<string, unknown>>) => number | undefined;
  /** Its configuration file for a project, and for all projects of the user, below the home folder. */
  readonly projectFile: string;
  readonly userFile: string;
  /** The entry of one hook in that file. */
  readonly entry: (event: string, command: string, maxHolds: number) => object;
  /** What the file must say beside its hooks. */
  readonly frame: Readonly<Record<string, unknown>>;
  /** What else the user has to do. */
  readonly note?: string;
}

/** Seconds that a hook may take; it gives up by itself long before. */
const TIMEOUT_SEC = 15;
/** The most that Codex gives a hook at the end of a session. */
const CODEX_END_SEC = 3;

const hookSpecific = (hookEventName: string, additionalContext: string) => ({
  hookSpecificOutput: { hookEventName, additionalContext },
});
const block = (reason: string) => ({ decision: 'block', reason });
/** Where a session starts anew after a compaction, the harness says why it starts. */
const bySource = ({ source }: Readonly<Record<string, unknown>>) =>
  source === 'compact' || source === 'resume' || source === 'clear';
const grouped = (command: string, timeout: number) => ({ hooks: [{ type: 'command', command, timeout }] });

export const HARNESSES: Readonly<Record<'claude-code' | 'codex' | 'cursor' | 'gemini', Harness>> = {
  'claude-code': {
    title: 'Claude Code',
    events: { SessionStart: 'start', UserPromptSubmit: 'prompt', PostToolUse: 'tool', Stop: 'stop', SessionEnd: 'end' },
    context: hookSpecific,
    hasForgotten: bySource,
    hold: block,
    // Its own file, because the name of the agent is one person's and not the team's.
    projectFile: join('.claude', 'settings.local.json'),
    userFile: join('.claude', 'settings.json'),
    entry: (_event, command) => grouped(command, TIMEOUT_SEC),
    frame: {},
  },
  codex: {
    title: 'Codex',
    events: { SessionStart: 'start', UserPromptSubmit: 'prompt', PostToolUse: 'tool', Stop: 'stop', SessionEnd: 'end' },
    context: hookSpecific,
    hasForgotten: bySource,
    hold: block,
    projectFile: join('.codex', 'hooks.json'),
    userFile: join('.codex', 'hooks.json'),
    entry: (event, command) => grouped(command, event === 'SessionEnd' ? CODEX_END_SEC : TIMEOUT_SEC),
    frame: {},
    note: `Codex runs a hook that is new or changed only when you trust it: open /hooks there.
Older versions need \`codex_hooks = true\` under \`[features]\` in ~/.codex/config.toml.`,
  },
  cursor: {
    title: 'Cursor',
    // It compacts in the middle of a session, and what a hook says then does not reach the model: the next hook says it.
    events: { sessionStart: 'start', postToolUse: 'tool', preCompact: 'compact', stop: 'stop', sessionEnd: 'end' },
    context: (_event, additional_context) => ({ additional_context }),
    hold: (followup_message) => ({ followup_message }),
    isDone: ({ status }) => status === undefined || status === 'completed',
    heldBefore: ({ loop_count }) => (typeof loop_count === 'number' ? loop_count : undefined),
    projectFile: join('.cursor', 'hooks.json'),
    userFile: join('.cursor', 'hooks.json'),
    entry: (event, command, maxHolds) => (event === 'stop' ? { command, loop_limit: maxHolds } : { command }),
    frame: { version: 1 },
  },
  gemini: {
    title: 'Gemini CLI',
    events: {
      SessionStart: 'start',
      BeforeAgent: 'prompt',
      AfterTool: 'tool',
      PreCompress: 'compact',
      AfterAgent: 'stop',
      SessionEnd: 'end',
    },
    context: hookSpecific,
    hasForgotten: bySource,
    hold: (reason) => ({ decision: 'deny', reason }),
    projectFile: join('.gemini', 'settings.json'),
    userFile: join('.gemini', 'settings.json'),
    entry: (_event, command) => grouped(command, TIMEOUT_SEC * 1_000),
    frame: {},
  },
};

export type HarnessName = keyof typeof HARNESSES;
