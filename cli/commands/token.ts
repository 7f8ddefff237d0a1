/** Who may speak to the hub: token, audit. */
import { Argument, type Command } from 'commander';
import type { AuditEntry, NewToken, Token } from '../../protocol/entities.js';
import { ROLES, type Role } from '../../protocol/roles.js';
import { declare, forPeople, show } from '../command.js';
import { connectionOptions } from '../connection.js';
import { flag, integer, list, text } from '../options.js';
import { table, write, writeJson, writeJsonLine } from '../output.js';
import { duration, lasting } from '../relay/options.js';

const storageOption = () => text('--storage <path>', 'the hub of this storage, or the storage itself while none runs');
const expiresOption = () => text('--expires <time>', 'when it ends by itself, such as 12h or 30d').argParser(lasting);

interface IssueFlags {
  agent?: string[];
  role: Role;
  channels?: string[];
  expires?: number;
  label?: string;
}

export const tokenCommands = (): Command[] => [
  declare({
    name: 'token',
    description: 'say who may speak to the hub: issue, list, rotate and revoke tokens',
    args: [
      new Argument('<action>', 'what to do').choices(['issue', 'list', 'rotate', 'revoke']),
      new Argument('[id]', 'of the token to rotate or revoke'),
    ],
    options: [
      list('--agent <id>', 'a name that it is for, or ci-* for all that begin so (may be repeated)'),
      text('--role <role>', 'what it may do')
        .choices([...ROLES])
        .default('agent'),
      list('--channels <name>', 'only these channels exist for it (may be repeated)'),
      expiresOption(),
      text('--label <text>', 'what it is for, for people'),
      text('--grace <time>', 'how long the old secret works beside the new one')
        .argParser(duration)
        .default(600, '10m'),
      flag('--forget', 'of a token that is revoked: its names are free again'),
      storageOption(),
      ...connectionOptions(),
    ],
    help: TOKEN_HELP,
    async run(command) {
      const [action, id] = command.processedArgs as ['issue' | 'list' | 'rotate' | 'revoke', string | undefined];
      if ((action === 'rotate' || action === 'revoke') === (id === undefined)) {
        command.error(id === undefined ? `error: ${action} needs the id of a token` : `error: ${action} takes no id`);
      }
      const { openKeeper } = await import('../hub/keeper.js');
      await using keeper = await openKeeper(command);
      const { hub } = keeper;
      const { grace, forget, ...flags } = command.opts<IssueFlags & { grace: number; forget?: boolean }>();
      if (action === 'list') show(command, await hub.tokens(), tokensView);
      else if (action === 'issue') show(command, await hub.issueToken(toIssue(flags)), newTokenView);
      else if (action === 'rotate') {
        show(command, await hub.rotateToken(String(id), { grace_sec: Math.round(grace) }), newTokenView);
      } else {
        const revoked = await hub.revokeToken(String(id), { forget: forget === true });
        show(command, revoked, ({ id: gone }) => `token ${gone} is revoked, and its connections are closed`);
      }
      return 0;
    },
  }),
  declare({
    name: 'audit',
    description: 'show what was done to the hub, and what was refused',
    options: [
      text('--since <time>', 'only the last 90s, 15m, 12h or 7d').argParser(duration),
      integer('--limit <n>', 'most lines').default(100),
      text('--operation <name>', 'only this operation'),
      flag('--follow', 'go on showing what comes, until Ctrl+C'),
      storageOption(),
      ...connectionOptions(),
    ],
    help: AUDIT_HELP,
    run: audit,
  }),
];

/** What the flags ask for. */
export function toIssue({ agent = [], role, channels, expires, label }: IssueFlags) {
  const expires_in_sec = expires === undefined ? undefined : Math.round(expires);
  return { role, names: agent, channels, label, expires_in_sec };
}

async function audit(command: Command): Promise<number> {
  const { since, limit, operation, follow } = command.opts<{
    since?: number;
    limit: number;
    operation?: string;
    follow?: boolean;
  }>();
  const from = since === undefined ? undefined : new Date(Date.now() - since * 1_000).toISOString();
  const { openKeeper } = await import('../hub/keeper.js');
  await using keeper = await openKeeper(command);
  const listing = { limit, operation, since: from && `${from.slice(0, 19)}Z`, tail: true };
  const lines = await keeper.hub.audit(listing);
  const people = forPeople(command);
  if (follow !== true) {
    if (people) write(auditView(lines));
    else writeJson(lines);
    return 0;
  }
  const tell = (line: AuditEntry) => (people ? write(auditLine(line)) : writeJsonLine(line));
  for (const line of lines) tell(line);
  await followed(keeper.hub, lines.at(-1)?.id ?? 0, operation, tell);
  return 0;
}

const LOOK_MS = 1_000;

/** Asked again and again, since whoever reads by the store has no connection: a line a second late is no harm. */
async function followed(
  hub: { audit(listing: { since_id: number; operation: string | undefined }): Promise<AuditEntry[]> },
  sinceId: number,
  operation: string | undefined,
  tell: (line: AuditEntry) => void,
): Promise<void> {
  const { setTimeout: rest } = await import('node:timers/promises');
  const over = new AbortController();
  process.once('SIGINT', () => over.abort()).once('SIGTERM', () => over.abort());
  let since_id = sinceId;
  while (!over.signal.aborted) {
    for (const line of await hub.audit({ since_id, operation })) {
      tell(line);
      since_id = line.id;
    }
    await rest(LOOK_MS, undefined, { signal: over.signal }).catch(() => undefined);
  }
}

function newTokenView({ token, ...rest }: NewToken): string {
  return [
    token,
    '',
    `${whatItIs(rest)}. It is shown this once: pass it on by a way that others do not read.`,
    'Whoever has it sets ARC_TOKEN, or puts it into a file for --token-file; arc invite makes a line for another machine.',
  ].join('\n');
}

const whatItIs = ({ id, role, names, expires_at }: Token) =>
  `Token ${id}: ${role}${names.length > 0 ? ` ${names.join(', ')}` : ''}${expires_at === null ? '' : `, until ${expires_at}`}`;

const tokensView = (tokens: readonly Token[]) =>
  table(
    ['ID', 'ROLE', 'NAMES', 'CHANNELS', 'STATE', 'LAST USED', 'LABEL'],
    tokens.map((token) => [
      token.id,
      token.role,
      token.names.join(' '),
      token.channels?.join(' ') ?? 'all',
      stateOf(token),
      token.last_used_at ?? 'never',
      token.label,
    ]),
  );

function stateOf({ revoked_at, expires_at }: Token): string {
  if (revoked_at !== null) return 'revoked';
  if (expires_at === null) return 'good';
  return Date.parse(expires_at) <= Date.now() ? 'expired' : `until ${expires_at}`;
}

const AUDIT_HEADINGS = ['TIME', 'WHO', 'DOOR', 'OPERATION', 'TARGET', 'OUTCOME', 'TIMES'];

const auditView = (lines: readonly AuditEntry[]) => table(AUDIT_HEADINGS, lines.map(auditCells));

const auditCells = ({ ts, caller, operation, target, outcome, count }: AuditEntry) => [
  ts,
  [caller.role, caller.agent, caller.token_id, caller.address].filter((part) => part !== null).join(' '),
  caller.door,
  operation,
  target,
  outcome,
  count,
];

const auditLine = (line: AuditEntry) => table([], [auditCells(line)]).trim();

const TOKEN_HELP = `
A name that has a token is guarded: nobody acts under it without one, also at an open hub, and also after the token was revoked
(--forget frees it). The hub keeps only a digest of the secret. Needs an operator's token, or the account that the store
belongs to; works while no hub runs, too.

Examples:
  arc token issue --agent ana
  arc token issue --agent 'ci-*' --channels build --expires 30d --label "the build farm"
  arc token issue --role observer --label "the wall screen"
  arc token list
  arc token rotate fQ3…
  arc token revoke fQ3…`;

const AUDIT_HELP = `
Refusals (one line a caller, operation and minute), takeovers, forced releases, shutdowns, and all that is done to tokens: for
90 days or 100,000 lines. Needs an operator's token, or the account that the store belongs to.

Examples:
  arc audit
  arc audit --since 1h --operation messages.post
  arc audit --follow --json`;
