/** acpx: a program that drives coding agents over ACP (dispatch §6). */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DispatchError } from '../errors.js';
import { systemPrompt } from '../personas/prompt.js';
import { UpdateReader } from './acp-updates.js';
import { type AcpxCall, cancelArgv, closeArgv, ensureArgv, oneShotArgv, promptArgv } from './acpx-argv.js';
import type { Answer, Backend, Ground, Health, Run } from './backend.js';
import { type ChildResult, childEnv, MissingProgram, runChild } from './child.js';
import { SessionPrompts } from './session-prompts.js';

const SESSION_MS = 30_000;
const CHECK_MS = 5_000;
/** What one item of a command line may hold on Linux, its end included; more goes into the prompt's file (§16 F8). */
const MAX_ARGUMENT_BYTES = 128 * 1024 - 1;

const NO_SESSION = 4;

export const acpx: Backend = {
  type: 'acpx',
  async run(run) {
    const { agent, ground } = run;
    const system = systemPrompt(agent, ground.warn);
    const fits = system === undefined || Buffer.byteLength(system) <= MAX_ARGUMENT_BYTES;
    const folder = mkdtempSync(join(tmpdir(), 'arc-prompt-'));
    try {
      const promptFile = join(folder, 'prompt.md');
      const prompt = fits ? run.prompt : `<system-prompt>\n${system}\n</system-prompt>\n\n${run.prompt}`;
      writeFileSync(promptFile, prompt, { mode: 0o600, flag: 'wx' });
      return await prompted(run, {
        format: run.onProgress === undefined ? 'quiet' : 'json',
        workspace: agent.workspace,
        model: run.model,
        permission: agent.permission_mode,
        systemPrompt: fits ? system : undefined,
        agent: ground.config.acpx.default_agent,
        promptFile,
        ttlSec: ground.config.acpx.session_ttl,
      });
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
  check: async (ground, signal) => [await checkProgram(ground, signal)],
};

async function prompted(run: Run, call: AcpxCall): Promise<Answer> {
  const { session, ground } = run;
  if (session === undefined) return answerOf(run, await start(run, oneShotArgv(call), true));
  const prompts = new SessionPrompts(ground.home);
  if (prompts.isStale(session, call.systemPrompt)) await start(run, closeArgv(call, session));
  await ensured(run, call, session);
  prompts.remember(session, call.systemPrompt);
  const cancel = () =>
    void start({ ...run, signal: new AbortController().signal }, cancelArgv(call, session)).catch(warn);
  const warn = (cause: unknown) => ground.warn(`session ${session} was not cancelled: ${String(cause)}`);
  run.signal.addEventListener('abort', cancel, { once: true });
  try {
    let result = await start(run, promptArgv(call, session), true);
    if (result.code === NO_SESSION) {
      await ensured(run, call, session);
      result = await start(run, promptArgv(call, session), true);
    }
    return answerOf(run, result);
  } finally {
    run.signal.removeEventListener('abort', cancel);
  }
}

async function ensured(run: Run, call: AcpxCall, session: string): Promise<void> {
  const result = await start(run, ensureArgv(call, session));
  if (result.code !== 0) throw failureOf(result);
}

interface Started extends ChildResult {
  /** What the updates of `--format json` amount to. */
  readonly streamed: string | undefined;
}

/** @param isPrompt the run itself, with its own time; else what is done for its session */
async function start(run: Run, argv: readonly string[], isPrompt = false): Promise<Started> {
  const { ground, agent, signal } = run;
  const reader = isPrompt && run.onProgress !== undefined ? new UpdateReader(run.onProgress) : undefined;
  try {
    const result = await runChild(ground.config.acpx.command, argv, {
      ground,
      cwd: agent.workspace,
      env: childEnv(ground),
      timeoutMs: isPrompt ? run.timeoutSec * 1_000 : SESSION_MS,
      signal,
      name: isPrompt ? 'acpx' : 'acpx sessions',
      onLine: reader && ((line) => reader.line(line)),
    });
    return { ...result, streamed: reader?.text };
  } catch (cause) {
    if (cause instanceof MissingProgram) throw missing(ground);
    throw cause;
  }
}

const missing = ({ config }: Ground) =>
  config.acpx.command === 'acpx'
    ? new DispatchError('backend', 'acpx not found; install with npm i -g acpx')
    : new DispatchError(
        'backend',
        `acpx not found at ${config.acpx.command} (acpx.command); install with npm i -g acpx`,
      );

function answerOf({ ground }: Run, result: Started): Answer {
  if (result.code !== 0) throw failureOf(result);
  if (result.stderr !== '') ground.warn(`acpx: ${result.stderr.slice(-500)}`);
  return { text: (result.streamed ?? result.stdout).trim() };
}

const CODES: Readonly<Record<number, [code: 'backend' | 'timeout' | 'cancelled', hint: string]>> = {
  2: ['backend', 'usage'],
  3: ['timeout', 'its own time was over'],
  5: ['backend', 'permission denied: see permission_mode of the agent'],
  130: ['cancelled', 'interrupted'],
};

function failureOf({ code, stderr, stdout }: ChildResult): DispatchError {
  const [kind, meaning] = CODES[code ?? -1] ?? ['backend', undefined];
  const said = stderr || stdout.trim().slice(-2_000) || meaning || 'no reason given';
  // acpx takes only what the ACP agent advertises, which are aliases.
  const hint = /model/i.test(said) ? ' (models are aliases here: sonnet, haiku, opus, default)' : '';
  const explained = meaning === undefined || said === meaning ? said : `${said} (${meaning})`;
  return new DispatchError(kind, `acpx exited ${code ?? 'by a signal'}: ${explained}${hint}`);
}

async function checkProgram(ground: Ground, signal: AbortSignal): Promise<Health> {
  const { command } = ground.config.acpx;
  try {
    const options = {
      ground,
      cwd: ground.home.path,
      env: childEnv(ground),
      timeoutMs: CHECK_MS,
      signal,
      name: command,
    };
    const { code, stderr } = await runChild(command, ['--help'], options);
    if (code === 0) return { what: 'acpx', ok: true, detail: command };
    return { what: 'acpx', ok: false, detail: `${command} --help exited ${code}: ${stderr.slice(0, 200)}` };
  } catch (cause) {
    const { message } = cause instanceof MissingProgram ? missing(ground) : DispatchError.from(cause);
    return { what: 'acpx', ok: false, detail: message };
  }
}
