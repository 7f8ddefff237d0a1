/**
 * Every setting of the hub, once: name, default, bound and what happens at it. Flags, `ARC_…` variables and the config
 * file are all read against this table; the result is frozen and handed down (docs/operations.md).
 */
import { isIP } from 'node:net';
import { z } from 'zod';
import {
  DEFAULT_HOST,
  DEFAULT_LIMITS,
  DEFAULT_PORT,
  DEFAULT_PRESENCE_TTL_SEC,
  DEFAULT_SPOOL_DIR,
  DEFAULT_STORAGE,
  type Limits,
} from '../protocol/index.js';
import { parseCidr } from './listen/cidr.js';

const int = (min: number, max: number, error: string) => z.number().int(error).min(min, error).max(max, error);
const atLeast = (min: number, error: string) => int(min, Number.MAX_SAFE_INTEGER, error);

export const HubConfig = z
  .strictObject({
    host: z.string().min(1).default(DEFAULT_HOST).describe('address to listen on'),
    port: int(0, 65_535, 'port out of range').default(DEFAULT_PORT).describe('port to listen on; 0 takes a free one'),
    socket: z.string().default('').describe('path of a Unix socket to listen on, too; only this account reaches it'),
    no_tcp: z.boolean().default(false).describe('listen on the socket only'),
    tls: z
      .enum(['off', 'auto'])
      .default('off')
      .describe('auto: TLS with a certificate that the hub makes beside the store, and clients know by its key'),
    tls_cert: z
      .string()
      .default('')
      .describe('TLS with this certificate (PEM, with its chain), read again when it changes'),
    tls_key: z.string().default('').describe('the key of that certificate (PEM)'),
    trusted_proxy: z
      .array(
        z
          .string()
          .refine((range) => parseCidr(range) !== undefined, 'must be an address or a range such as 10.0.0.0/8'),
      )
      .default([])
      .describe('addresses of proxies whose X-Forwarded-For and X-Forwarded-Proto are believed'),
    storage: z.string().min(1).default(DEFAULT_STORAGE).describe('SQLite file that holds everything'),
    allow_remote: z.boolean().default(false).describe('serve peers off this machine; needed to bind off loopback'),
    share_group: z.boolean().default(false).describe('let the group of this account use the files that the hub makes'),
    quiet: z.boolean().default(false).describe('log warnings and errors only'),
    spool_dir: z.string().min(1).default(DEFAULT_SPOOL_DIR).describe('folder of the file relay'),
    no_search: z.boolean().default(false).describe('keep no index of words; messages cannot be searched then'),
    durability: z
      .enum(['full', 'normal'])
      .default('full')
      .describe('full: an acknowledged write survives a power cut; normal: it survives a crash of the hub'),
    presence_ttl_sec: atLeast(5, 'presence_ttl_sec must be >= 5')
      .default(DEFAULT_PRESENCE_TTL_SEC)
      .describe('seconds of silence after which a session expires'),
    auth: z
      .enum(['auto', 'open', 'required'])
      .default('auto')
      .describe('required: callers show a token; auto: open while every address is on this machine'),
    insecure_no_auth: z
      .boolean()
      .default(false)
      .describe('with auth open, serve other machines without tokens all the same: whoever reaches the hub is trusted'),
    failed_tokens_per_min: atLeast(1, 'failed_tokens_per_min must be at least 1')
      .default(20)
      .describe('wrong tokens from an address off this machine, before it is answered 429 for a minute'),
    max_posts_per_sec: atLeast(1, 'max_posts_per_sec must be at least 1')
      .default(2_000)
      .describe('messages that an agent may post a second; more are answered 429'),
    max_posts_burst: atLeast(1, 'max_posts_burst must be at least 1')
      .default(10_000)
      .describe('messages that an agent which has rested may post at once'),
    max_posted_bytes_per_min: atLeast(1, 'max_posted_bytes_per_min must be at least 1')
      .default(536_870_912)
      .describe('bytes that an agent may post a minute; more are answered 429'),
    max_connections_per_sec: atLeast(1, 'max_connections_per_sec must be at least 1')
      .default(500)
      .describe('new connections a second from an address off this machine; further ones are closed at once'),
    max_caller_connections: atLeast(1, 'max_caller_connections must be at least 1')
      .default(256)
      .describe('open connections of a caller off this machine; further ones are answered 429'),
    max_caller_waits: atLeast(1, 'max_caller_waits must be at least 1')
      .default(256)
      .describe('waiting requests of a caller off this machine; further ones are answered 429'),
    max_caller_subscriptions: atLeast(1, 'max_caller_subscriptions must be at least 1')
      .default(64)
      .describe('subscriptions and streams of a caller off this machine; further ones are answered 429'),
    max_headers_sec: int(1, 3_600, 'max_headers_sec must be from 1 to 3600')
      .default(15)
      .describe(
        'seconds that a peer may take for a TLS handshake, and for the headers of a request; then it is cut off',
      ),
    max_request_sec: int(1, 86_400, 'max_request_sec must be from 1 to 86400')
      .default(60)
      .describe('seconds that a request may take from its first byte to its last; then it is answered 408'),
    allowed_host: z.array(z.string()).default([]).describe('further host names that requests may carry'),
    allowed_origin: z.array(z.string()).default([]).describe('web origins that may use the hub'),
    max_body_chars: atLeast(1, 'max_body_chars must be at least 1')
      .default(DEFAULT_LIMITS.max_body_chars)
      .describe('characters of a message body'),
    max_attachment_chars: atLeast(1, 'max_attachment_chars must be at least 1')
      .default(DEFAULT_LIMITS.max_attachment_chars)
      .describe('characters of an attachment as ASCII JSON'),
    max_attachments: atLeast(0, 'max_attachments must be non-negative')
      .default(DEFAULT_LIMITS.max_attachments)
      .describe('attachments of a message'),
    max_query_limit: atLeast(1, 'max_query_limit must be at least 1')
      .default(DEFAULT_LIMITS.max_query_limit)
      .describe('rows of one answer; a larger limit is lowered to it'),
    max_wait_sec: int(1, 3_600, 'max_wait_sec must be from 1 to 3600')
      .default(DEFAULT_LIMITS.max_wait_sec)
      .describe('longest wait of a poll; a longer one is lowered to it'),
    max_call_sec: int(1, 86_400, 'max_call_sec must be from 1 to 86400')
      .default(DEFAULT_LIMITS.max_call_sec)
      .describe('longest wait of rpc.call'),
    max_name_chars: atLeast(1, 'max_name_chars must be at least 1')
      .default(DEFAULT_LIMITS.max_name_chars)
      .describe('characters of agent ids, channel names, claim keys, thread ids, capabilities'),
    max_path_chars: atLeast(1, 'max_path_chars must be at least 1')
      .default(DEFAULT_LIMITS.max_path_chars)
      .describe('characters of the path of a lock or an attachment'),
    max_capabilities: atLeast(0, 'max_capabilities must be non-negative')
      .default(DEFAULT_LIMITS.max_capabilities)
      .describe('capabilities of a session'),
    max_metadata_bytes: atLeast(2, 'max_metadata_bytes must be at least 2')
      .default(DEFAULT_LIMITS.max_metadata_bytes)
      .describe('bytes of metadata as JSON'),
    max_ttl_sec: atLeast(5, 'max_ttl_sec must be at least 5')
      .default(DEFAULT_LIMITS.max_ttl_sec)
      .describe('longest lease'),
    max_connections: atLeast(1, 'max_connections must be at least 1')
      .default(20_000)
      .describe('open sockets; further ones are closed at once'),
    max_waiters: atLeast(1, 'max_waiters must be at least 1')
      .default(20_000)
      .describe('waiting requests and streams; further ones are answered 429'),
    ping_sec: atLeast(1, 'ping_sec must be at least 1')
      .default(15)
      .describe('WebSocket ping interval; two without a pong end the connection'),
    stall_sec: atLeast(1, 'stall_sec must be at least 1')
      .default(60)
      .describe('a connection that accepts no bytes for this long is closed with 4008'),
    // Below what a socket itself takes before it says that it is full, nothing would tell when it has drained.
    high_water_bytes: atLeast(65_536, 'high_water_bytes must be at least 65536')
      .default(1_048_576)
      .describe('unsent bytes of a connection above which it is fed from the store'),
    compression: z.boolean().default(false).describe('offer permessage-deflate on WebSocket'),
  })
  .superRefine((config, ctx) => {
    const refuse = (message: string) => ctx.addIssue({ code: 'custom', message, input: config });
    if (!config.no_tcp && !isLoopback(config.host) && !config.allow_remote) {
      refuse('Remote bind requires allow_remote=true');
    }
    if ((config.tls_cert === '') !== (config.tls_key === '')) refuse('tls_cert and tls_key belong together: give both');
    if (config.tls === 'auto' && config.tls_cert !== '')
      refuse('tls auto makes its own certificate: leave tls_cert away');
    if (config.auth === 'open' && servesOthers(config) && !config.insecure_no_auth) {
      refuse(
        'auth open off this machine trusts whoever comes: leave it away (tokens are then required), or add --insecure-no-auth',
      );
    }
    if (config.max_request_sec < config.max_headers_sec) refuse('max_request_sec must not be below max_headers_sec');
    if (config.no_tcp && config.socket === '') refuse('no_tcp needs a socket to listen on instead: --socket PATH');
  });
export type HubConfig = z.output<typeof HubConfig>;
export type HubOptions = z.input<typeof HubConfig>;

/** Parses, fills in defaults and freezes. Throws `ConfigError` with one line that names the setting. */
export function loadConfig(options: HubOptions = {}): Readonly<HubConfig> {
  const parsed = HubConfig.safeParse(options);
  if (parsed.success) return Object.freeze(parsed.data);
  const issue = parsed.error.issues[0];
  const setting = issue?.path.join('.') ?? '';
  const text = issue?.message ?? 'invalid configuration';
  throw new ConfigError(setting === '' || text.includes(setting) ? text : `${setting}: ${text}`);
}

/** A setting, the storage file or the port cannot be used: one line for people, no trace. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

export function limitsOf(config: HubConfig): Limits {
  const limits: Record<string, number> = { ...DEFAULT_LIMITS };
  for (const name of Object.keys(DEFAULT_LIMITS)) {
    const value = (config as unknown as Record<string, unknown>)[name];
    if (typeof value === 'number') limits[name] = value;
  }
  return Object.freeze(limits) as unknown as Limits;
}

/** Whether others than this machine's own programs can reach the hub: by its address, or through a proxy before it. */
export function servesOthers(config: Pick<HubConfig, 'host' | 'no_tcp' | 'trusted_proxy' | 'allow_remote'>): boolean {
  if (config.no_tcp) return false;
  return !isLoopback(config.host) || (config.trusted_proxy.length > 0 && config.allow_remote);
}

/** Whether callers must show a token (identity §1). */
export function authOf(config: HubConfig): { mode: 'open' | 'required'; insecure: boolean } {
  const others = servesOthers(config);
  const insecure = others && config.insecure_no_auth && config.auth !== 'required';
  const required = config.auth === 'required' || (config.auth === 'auto' && others && !insecure);
  return { mode: required ? 'required' : 'open', insecure };
}

/** Whether an address or bind host is this machine only. */
export function isLoopback(host: string): boolean {
  if (host === '127.0.0.1') return true;
  const address = host.replace(/^\[|\]$/g, '').replace(/^::ffff:/i, '');
  if (address === 'localhost' || address === '::1') return true;
  return isIP(address) === 4 && address.startsWith('127.');
}
