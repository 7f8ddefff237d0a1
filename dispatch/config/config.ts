/** `config.yaml`: every key with its default and what it is for; the tables of the documents are drawn from here. */
import { z } from 'zod';
import { createPrivateFile } from '../../base/private-file.js';
import { DispatchError } from '../errors.js';
import {
  atLeastZero,
  choice,
  guardedUrl,
  httpUrl,
  idText,
  path,
  positive,
  seconds,
  text,
  texts,
  yesNo,
} from './fields.js';
import { ensureHome, type Home } from './home.js';
import { editYaml, readText, readYaml, type Warn } from './yaml-file.js';

export const LOG_LEVELS = ['debug', 'info', 'warning', 'error', 'critical'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

const Endpoint = z.object(
  {
    url: httpUrl().describe('base URL of an OpenAI-compatible server, `/v1` included'),
    api_key_env: text().optional().describe('name of the variable that holds its key, sent as bearer token'),
    headers: z.record(z.string(), text()).optional().describe('further headers of each request'),
  },
  { error: 'expected an endpoint with a url' },
);
export type Endpoint = z.output<typeof Endpoint>;

const group = <T extends z.ZodRawShape>(shape: T) => z.object(shape, { error: 'expected keys with values' });

export const Config = group({
  daemon: group({
    auto_start: yesNo().default(true).describe('`arc ask` starts the daemon when none runs'),
    socket_path: path().optional().describe('its Unix socket; `arc.sock` in the home folder by default'),
    pid_file: path().optional().describe('file with its process id; `daemon.pid` in the home folder by default'),
    log_level: choice(LOG_LEVELS).default('info').describe('least severe lines that its log keeps'),
  }).prefault({}),
  acpx: group({
    command: text().min(1).default('acpx').describe('name or path of acpx'),
    default_agent: text().min(1).default('claude').describe('which ACP agent acpx drives'),
    session_ttl: seconds().default(300).describe('seconds that acpx keeps a named session alive without prompts'),
    env_pass: texts().default([]).describe('variables of `.env` that the coding agent may see after all'),
  }).prefault({}),
  ollama: group({
    endpoints: z
      .record(z.string(), Endpoint, { error: 'expected names with a url each' })
      .default({ local: { url: 'http://localhost:11434/v1' } })
      .describe('servers by name, each with `url`, and `api_key_env` and `headers` if it needs them'),
  }).prefault({}),
  discord: group({
    enabled: yesNo().default(false).describe('connects to Discord; needs `discord.js` and `guild_id`'),
    token_env: text().min(1).default('DISCORD_BOT_TOKEN').describe("variable that holds the bot's token, in `.env`"),
    guild_id: idText().default('').describe('the only server that is listened to'),
    thread_mode: yesNo().default(false).describe('answers a message in a thread of its own'),
    allowed_users: z.array(idText()).default([]).describe('ids of users who may use commands that change something'),
    allowed_roles: z.array(idText()).default([]).describe('the same by role'),
    api_url: guardedUrl('http', 'https').default('https://discord.com/api').describe('REST API, without a version'),
    gateway_url: guardedUrl('ws', 'wss').optional().describe('gateway, instead of the one that the API names'),
    hub_bridge: yesNo().default(false).describe('mirrors bound channels with channels of the hub'),
    rate_limit: group({
      messages_per_minute: positive().default(5).describe('prompts a channel in 60 seconds'),
      user_messages_per_minute: positive().default(5).describe('prompts a user in 60 seconds'),
    }).prefault({}),
  }).prefault({}),
  git: group({
    auto_pull: yesNo().default(false).describe('runs `git pull --ff-only` in a workspace before a prompt'),
  }).prefault({}),
  timeouts: group({
    acpx_request: seconds().default(300).describe('seconds for an answer of acpx or an ACP agent'),
    ollama_request: seconds().default(120).describe('seconds for an answer of an endpoint'),
    ipc_connect: seconds().default(5).describe('seconds to reach the socket of the daemon'),
  }).prefault({}),
  cron: group({
    timezone: text().optional().describe('IANA time zone of all jobs that name none; that of the machine by default'),
  }).prefault({}),
  logging: group({
    log_routing: yesNo().default(true).describe('writes a line for each prompt'),
    preview_chars: atLeastZero().default(100).describe('characters of a prompt in its line; 0 keeps none'),
    max_mb: positive().default(10).describe('size at which a log is set aside'),
    keep: positive().default(5).describe('logs set aside'),
  }).prefault({}),
  hub: group({
    enabled: z
      .union([z.boolean(), z.literal('auto')], { error: 'expected true, false or auto' })
      .default('auto')
      .describe('whether agents have sessions on the hub; `auto`: while one answers'),
    url: text().optional().describe('address of the hub; else `ARC_BASE_URL`, else the usual one'),
    token_env: text().min(1).default('ARC_HUB_TOKEN').describe('variable that holds the token for the hub'),
    agents: texts().optional().describe('names of the agents to show there; all by default'),
    queue_max: positive().default(20).describe('requests that may wait for an agent; more are answered `busy`'),
    progress: yesNo().default(false).describe('notices in the thread of a request while it runs'),
  }).prefault({}),
  tokens: group({
    command: text().min(1).default('codeburn').describe('tool that `arc usage` asks'),
  }).prefault({}),
});
export type Config = z.output<typeof Config>;

/** Keys of older files that mean nothing here, and need no warning. */
const DROPPED = new Set(['acpx.output_format', 'git.auto_commit', 'git.auto_push', 'output']);

/** A new file. Keys that are left out have their defaults, which the documents list. */
export const DEFAULT_CONFIG = `# Configuration of the Arc dispatcher. Keys that are left out have their defaults.
daemon:
  auto_start: true
  log_level: info

acpx:
  command: acpx
  default_agent: claude

ollama:
  endpoints:
    local:
      url: http://localhost:11434/v1

# The token itself belongs into .env beside this file.
discord:
  enabled: false
  token_env: DISCORD_BOT_TOKEN
  guild_id: ""
  thread_mode: false

git:
  auto_pull: false

# Seconds.
timeouts:
  acpx_request: 300
  ollama_request: 120
  ipc_connect: 5
`;

/** @throws {DispatchError} `config`, as `FILE:LINE: key: what was expected` */
export function parseConfig(file: string, source: string, warn: Warn): Config {
  const config = readYaml(file, source, Config, (line) => {
    const key = /unknown key (\S+)/.exec(line)?.[1] ?? '';
    if (!DROPPED.has(key)) warn(line);
  });
  if (config.discord.enabled && config.discord.guild_id === '') {
    throw new DispatchError('config', `${file}: discord.guild_id: required when discord.enabled is true`);
  }
  return config;
}

/** The configuration of a home; its folders and a file with the defaults are made where there are none. */
export function loadConfig(home: Home, warn: Warn): Config {
  ensureHome(home);
  const source = readText(home.config);
  if (source === undefined) createPrivateFile(home.config, DEFAULT_CONFIG);
  return parseConfig(home.config, source ?? DEFAULT_CONFIG, warn);
}

/** The same without making anything, for those who only look. */
export const peekConfig = (home: Home, warn: Warn): Config =>
  parseConfig(home.config, readText(home.config) ?? '', warn);

/**
 * Sets one key, its parents made where they are missing, comments kept.
 *
 * @param key such as `timeouts.acpx_request`
 * @param written `true` and `false` become booleans, whole numbers numbers, all else stays text
 * @throws {DispatchError} `config`: the file would no longer be valid; nothing was changed
 */
export function setConfig(home: Home, key: string, written: string, warn: Warn): void {
  const keys = key.split('.');
  if (keys.some((part) => part.trim() === '')) {
    throw new DispatchError('bad_request', `not a key: '${key}' (such as timeouts.acpx_request)`);
  }
  ensureHome(home);
  editYaml(
    home.config,
    DEFAULT_CONFIG,
    (doc) => doc.setIn(keys, settingOf(written)),
    (after) => parseConfig(home.config, after, warn),
  );
}

export function settingOf(written: string): unknown {
  if (written === 'true' || written === 'false') return written === 'true';
  const isInteger = /^-?\d+$/.test(written) && Number.isSafeInteger(Number(written));
  return isInteger ? Number(written) : written;
}

export const socketPath = (home: Home, config: Config) => config.daemon.socket_path ?? `${home.path}/arc.sock`;
export const pidPath = (home: Home, config: Config) => config.daemon.pid_file ?? `${home.path}/daemon.pid`;
