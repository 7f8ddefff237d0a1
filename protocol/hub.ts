/** Facts that every part of the house and every client shares. */
export const PROTOCOL_VERSION = '1';
export const WEBSOCKET_PATH = '/v1/ws';
export const SUBPROTOCOL = 'arc.v1';
export const DEFAULT_PORT = 6969;
export const DEFAULT_HOST = '127.0.0.1';
export const DEFAULT_BASE_URL = `http://${DEFAULT_HOST}:${DEFAULT_PORT}`;
export const DEFAULT_STORAGE = 'arc.sqlite3';
/** Beside the store: the token of the account that it belongs to (identity §5). */
export const TOKEN_FILE = '.arc.token';
export const DEFAULT_SPOOL_DIR = '.arc-relay';
export const DEFAULT_PRESENCE_TTL_SEC = 120;
export const DEFAULT_CHANNEL = 'general';
export const DIRECT_CHANNEL = 'direct';
export const SYSTEM_AGENT = 'system';

/** The closed set of kinds that may be posted, alphabetical (arc-v1 §3.9). Older rows may hold others. */
export const MESSAGE_KINDS = [
  'artifact',
  'chat',
  'claim',
  'notice',
  'release',
  'task',
  'task_request',
  'task_result',
] as const;
export type MessageKind = (typeof MESSAGE_KINDS)[number];

/** Exactly the Arc v1 set, which clients compare for equality (arc-v1 §4.6). What is ours stands in `EXTENSIONS`. */
export const FEATURES = [
  'sse',
  'relay',
  'long_poll_keepalive',
  'subtask_rollup',
  'rpc_kinds',
  'capability_filter',
  'shutdown_control',
  'session_rename',
] as const;

export const EXTENSIONS = [
  'auth',
  'search',
  'before_id',
  'cursors',
  'idempotency_key',
  'inbox_wait',
  'message_get',
  'rpc_call',
  'stats',
  'websocket',
] as const;

export const TOPICS = ['session', 'channel', 'claim', 'lock', 'task', 'hub'] as const;
/** Only they are told who may see tokens and the audit (identity §4). */
export const KEPT_TOPICS = ['token', 'audit'] as const;
export type Topic = (typeof TOPICS)[number] | (typeof KEPT_TOPICS)[number];
