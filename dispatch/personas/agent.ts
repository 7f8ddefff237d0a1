/** `agents/<name>.yaml`: a persona with its workspace, its model, and who may ask it (dispatch §4.2). */
import { z } from 'zod';
import { choice, idText, path, positive, seconds, text, texts, yesNo } from '../config/fields.js';

export const AGENT_NAME = /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/;
export const NAME_RULE = 'letters, digits, _ and -, at most 64, the first no _ or -';

export const PERMISSION_MODES = [
  'approve-all',
  'bypassPermissions',
  'auto',
  'approve-reads',
  'acceptEdits',
  'default',
  'deny-all',
] as const;
export type PermissionMode = (typeof PERMISSION_MODES)[number];

const SOURCE = /^(operator|cron|discord|\*|agent:.+|channel:.+)$/;

export const AgentFile = z.object({
  name: text().optional().describe('must equal the name of the file'),
  description: text().default('').describe('what it is for'),
  workspace: path().describe('absolute path of the folder that it works in'),
  system_prompt_files: texts().default([]).describe('files of the workspace that make its system prompt, in order'),
  local_context_files: texts().default([]).describe('files of the workspace that an endpoint is shown as reference'),
  model: text().min(1, { error: 'expected a model' }).describe('alias of acpx (`sonnet`, `haiku`, …), or `ollama/…`'),
  allowed_models: texts().default([]).describe('models that a request may ask for instead; empty: any'),
  permission_mode: choice(PERMISSION_MODES).default('approve-all').describe('what its tools may do without a question'),
  timeout: seconds().optional().describe('seconds for an answer; `timeouts.acpx_request` by default'),
  git_pull: yesNo().default(true).describe('`false` leaves its workspace alone where `git.auto_pull` is set'),
  discord: z
    .object(
      {
        channel_id: idText().default('').describe('the Discord channel that it answers in'),
        require_mention: yesNo().default(false).describe('answers only messages that mention the bot'),
        hub_channel: text().optional().describe('channel of the hub that mirrors it; `discord-<agent>` by default'),
      },
      { error: 'expected keys with values' },
    )
    .prefault({}),
  accept_from: z
    .array(text().regex(SOURCE, { error: 'expected operator, cron, discord, agent:<id>, channel:<name> or *' }), {
      error: 'expected a list',
    })
    .default(['operator', 'cron'])
    .describe('who may prompt it on the hub: `operator`, `cron`, `discord`, `agent:<id>`, `channel:<name>`, `*`'),
  max_concurrency: positive().default(4).describe('prompts that it works on at a time; a named session takes one'),
  rate_per_minute: positive().optional().describe('most prompts in a minute'),
  daily_runs: positive().optional().describe('most prompts in a day (UTC)'),
  lock_workspace: yesNo().default(false).describe('holds a lock of the hub on its workspace while it works'),
});

/** An agent as the dispatcher works with it. */
export interface Agent extends Omit<z.output<typeof AgentFile>, 'name'> {
  readonly name: string;
  /** Instead of files, for an agent that a request describes itself. */
  readonly system_prompt?: string | undefined;
}

export const INLINE_AGENT = '_inline';

/** An agent without a file: nothing but a model, in a folder (dispatch §1.1). */
export function inlineAgent(spec: { model: string; workspace: string; system_prompt?: string | undefined }): Agent {
  const { system_prompt, ...fields } = spec;
  const parsed = AgentFile.parse({ ...fields, permission_mode: 'approve-reads' });
  return { ...parsed, name: INLINE_AGENT, system_prompt };
}

/** How a model is reached: by its name alone (dispatch §0). */
export const dispatchTypeOf = (model: string): 'acpx' | 'ollama' => (model.startsWith('ollama/') ? 'ollama' : 'acpx');
