/** The command lines of acpx: pure, so that each is held by a test. All global flags come before the agent (dispatch §6). */
import type { PermissionMode } from '../personas/agent.js';

export const PERMISSION_FLAGS: Readonly<Record<PermissionMode, string>> = {
  'approve-all': '--approve-all',
  bypassPermissions: '--approve-all',
  auto: '--approve-all',
  'approve-reads': '--approve-reads',
  acceptEdits: '--approve-reads',
  default: '--approve-reads',
  'deny-all': '--deny-all',
};

export interface AcpxCall {
  /** `quiet`, or `json` for the messages of ACP, one a line. */
  readonly format: 'quiet' | 'json';
  readonly workspace: string;
  readonly model: string;
  readonly permission: PermissionMode;
  readonly systemPrompt: string | undefined;
  /** Which ACP agent. */
  readonly agent: string;
  readonly promptFile: string;
  readonly ttlSec: number;
}

const system = ({ systemPrompt }: Pick<AcpxCall, 'systemPrompt'>) =>
  systemPrompt === undefined ? [] : ['--system-prompt', systemPrompt];

const shared = ({ format, workspace, model, permission }: AcpxCall) => [
  ...['--format', format, '--cwd', workspace, '--model', model],
  PERMISSION_FLAGS[permission],
];

export const oneShotArgv = (call: AcpxCall): string[] => [
  ...shared(call),
  ...system(call),
  ...[call.agent, 'exec', '--file', call.promptFile],
];

export const ensureArgv = (call: AcpxCall, session: string): string[] => [
  ...['--cwd', call.workspace],
  ...system(call),
  ...[call.agent, 'sessions', 'ensure', '--name', session],
];

export const promptArgv = (call: AcpxCall, session: string): string[] => [
  ...shared(call),
  ...['--ttl', String(call.ttlSec)],
  ...[call.agent, '-s', session, '--file', call.promptFile],
];

export const closeArgv = ({ workspace, agent }: AcpxCall, session: string): string[] => [
  ...['--cwd', workspace, agent, 'sessions', 'close', session],
];

export const cancelArgv = ({ workspace, agent }: AcpxCall, session: string): string[] => [
  ...['--cwd', workspace, agent, 'cancel', '-s', session],
];
