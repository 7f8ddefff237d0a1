/** The tables in the documents that follow from code. `npm run docs` writes them, a test keeps them current. */
import { z } from 'zod';
import { Config } from '../../dispatch/config/config.js';
import { unwrapped } from '../../dispatch/config/yaml-file.js';
import {
  CLOSE_CODES,
  DEFAULT_LIMITS,
  ERROR_CODES,
  MAY,
  OPERATIONS,
  type Operation,
  ROLES,
} from '../../protocol/index.js';
import { HubConfig } from '../../server/config.js';
import { usage } from '../../tui/commands/command.js';
import { COMMANDS } from '../../tui/commands/table.js';
import { keyLabel } from '../../tui/input/keys.js';
import { KEY_GROUPS } from '../../tui/windows/table.js';

const row = (...cells: readonly unknown[]) =>
  `| ${cells.map((cell) => String(cell).replaceAll('|', '\\|')).join(' | ')} |`;
const table = (head: readonly string[], rows: readonly string[]) =>
  [row(...head), `|${head.map(() => '---').join('|')}|`, ...rows].join('\n');

function operations(): string {
  const rows = Object.values(OPERATIONS).map((operation: Operation) => {
    const rest = operation.rest ? `${operation.rest.method} \`${operation.rest.path.replaceAll(':int', '')}\`` : '–';
    const { properties = {}, required = [] } = z.toJSONSchema(operation.input(DEFAULT_LIMITS), {
      io: 'input',
      unrepresentable: 'any',
    }) as { properties?: Record<string, unknown>; required?: string[] };
    const fields = Object.keys(properties)
      .map((name) => (required.includes(name) ? `**${name}**` : name))
      .join(', ');
    return row(`\`${operation.name}\``, rest, operation.kind, fields || '–', operation.summary);
  });
  return table(['operation', 'REST', 'kind', 'parameters (required in bold)', 'what it does'], rows);
}

function errors(): string {
  const rows = Object.entries(ERROR_CODES).map(([code, { rpc, status, retry, when }]) =>
    row(rpc, `\`${code}\``, code === 'too_large' ? '413 (400 on REST)' : status, retry ? 'yes' : 'no', when),
  );
  return table(['JSON-RPC `code`', 'hub code', 'HTTP status', 'may succeed later unchanged', 'when'], rows);
}

function closeCodes(): string {
  const rows = Object.values(CLOSE_CODES).map(({ code, reason, client, reconnect }) =>
    row(code, reason, client, reconnect ? 'yes' : 'no'),
  );
  return table(['code', 'reason', 'client should', 'reconnect'], rows);
}

function limits(): string {
  const shape: Record<string, z.ZodType> = HubConfig.shape;
  const rows = Object.entries(DEFAULT_LIMITS).map(([name, value]) => {
    const { description } = shape[name] ?? {};
    return row(`\`${name}\``, value.toLocaleString('en'), description ?? FIXED[name] ?? '');
  });
  return table(['limit', 'default', 'of what'], rows);
}

/** Limits that no setting changes. */
const FIXED: Record<string, string> = {
  max_idempotency_key_chars: 'characters of an idempotency key',
  max_batch: 'requests of one JSON-RPC batch',
  max_json_depth: 'nesting of JSON; deeper text is refused before it is parsed',
};

/** What callers of each role may do, and as whom (identity §4). */
function roles(): string {
  const rows = Object.values(OPERATIONS).map((operation: Operation) => {
    const { name, access, actor, channels, escalates } = operation;
    const cells = ROLES.map((role) => (MAY[access].includes(role) ? mark(role, operation) : '–'));
    const more = [
      actor === undefined ? '' : `as its own name in ${actor.map((field) => `\`${field}\``).join(', ')}`,
      channels === undefined ? '' : 'in its own channels',
      escalates === undefined ? '' : ESCALATIONS[name],
      access === 'keep' ? 'a token must be shown, at an open hub too' : '',
    ];
    return row(`\`${name}\``, ...cells, more.filter((part) => part !== '').join('; ') || '–');
  });
  return table(['operation', ...ROLES, 'narrowed by'], rows);
}

/** An operator acts as anybody; others within their names and channels. */
const mark = (role: string, { actor }: Operation) =>
  role === 'operator' || role === 'observer' || actor === undefined ? 'yes' : 'own';

/** What an operation asks more of, in words; a missing one fails the test of this table. */
const ESCALATIONS: Record<string, string> = {
  'events.subscribe': "others' direct messages, and the topics token and audit, are for operators",
  'claims.release': '`force` is for operators',
  'locks.release': '`force` is for operators',
};

function settings(): string {
  const shape: Record<string, z.ZodType> = HubConfig.shape;
  const defaults = HubConfig.parse({}) as Record<string, unknown>;
  const rows = Object.entries(shape).map(([name, schema]) => {
    const value = defaults[name];
    const shown = Array.isArray(value) || value === '' ? 'none' : `\`${value}\``;
    return row(`\`--${name.replaceAll('_', '-')}\``, shown, schema.description ?? '');
  });
  return table(['flag', 'default', 'meaning'], rows);
}

function keys(): string {
  const rows = KEY_GROUPS.flatMap(({ name, keys }) =>
    keys.map((each) => row(name, each.keys.map((key) => `\`${keyLabel(key)}\``).join(' '), each.summary)),
  );
  return table(['where', 'keys', 'what they do'], rows);
}

function commands(): string {
  const rows = COMMANDS.map((command) =>
    row(`\`${usage(command)}\``, (command.aliases ?? []).map((alias) => `\`/${alias}\``).join(' '), command.summary),
  );
  return table(['command', 'also', 'what it does'], rows);
}

/** Groups of the dispatcher's configuration that something follows. */
const CONFIG_GROUPS = ['acpx', 'ollama', 'git', 'timeouts', 'logging'] as const;

function dispatchConfig(): string {
  const defaults = Config.parse({});
  const rows = CONFIG_GROUPS.flatMap((group) => {
    const shape = (unwrapped(Config.shape[group]) as z.ZodObject).shape as Record<string, z.ZodType>;
    const values = defaults[group] as Readonly<Record<string, unknown>>;
    return Object.entries(shape).map(([name, schema]) =>
      row(`\`${group}.${name}\``, `\`${JSON.stringify(values[name])}\``, schema.description ?? ''),
    );
  });
  return table(['key', 'default', 'meaning'], rows);
}

/** Marker → table, by document. */
export const GENERATED: Record<string, Record<string, () => string>> = {
  'docs/protocol/websocket.md': { operations, errors, 'close-codes': closeCodes, limits },
  'docs/dispatch.md': { 'dispatch-config': dispatchConfig },
  'docs/operations.md': { settings },
  'docs/security.md': { roles },
  'docs/tui.md': { keys, commands },
};

/** The document with its generated tables made anew. */
export function regenerate(document: string, tables: Record<string, () => string>): string {
  let text = document;
  for (const [name, make] of Object.entries(tables)) {
    const open = `<!-- generated:${name} -->`;
    const pattern = new RegExp(`${open}[\\s\\S]*?<!-- /generated -->`);
    if (!pattern.test(text)) throw new Error(`no place for the table ${name}`);
    text = text.replace(pattern, () => `${open}\n${make()}\n<!-- /generated -->`);
  }
  return text;
}
