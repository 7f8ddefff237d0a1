/** The operations on the store of a hub that does not run, or that does not know its own account (identity §5). */
import { systemClock } from '../base/clock.js';
import { AuditLog } from './access/audit-log.js';
import { anybody, type Grant } from './access/caller.js';
import { CallerLimits } from './access/limits.js';
import { TokenRegistry } from './access/token-registry.js';
import { authOf, limitsOf, loadConfig } from './config.js';
import { Hub } from './domain/hub.js';
import { LocalDoor } from './doors/local/door.js';
import { Dispatcher } from './operations/dispatch.js';
import { HANDLERS } from './operations/handlers.js';
import { SqliteStore } from './store/sqlite/sqlite-store.js';
import { VERSION } from './version.js';

export interface OfflineHub {
  readonly instance_id: string;
  /** As the operator: whoever can write the file could do it all by hand. */
  connect(): ReturnType<LocalDoor['connect']>;
  close(): Promise<void>;
}

/** @throws {ConfigError} the store cannot be used, in one line */
export async function openOffline(storage: string): Promise<OfflineHub> {
  const config = loadConfig({ storage });
  const onError = (cause: unknown) => {
    throw cause;
  };
  const store = new SqliteStore({ path: storage, durability: 'full', clock: systemClock, onError });
  const log = { info: () => undefined, warn: () => undefined, error: onError };
  const settings = {
    limits: limitsOf(config),
    presence_ttl_sec: config.presence_ttl_sec,
    max_waiters: config.max_waiters,
    durability: 'full',
    listen_host: config.host,
    allow_remote: false,
    auth: authOf(config),
    version: VERSION,
  } as const;
  const hub = new Hub(store, settings, systemClock, log, () => undefined);
  const audit = new AuditLog(store, systemClock, onError);
  const tokens = new TokenRegistry(store, hub.feed, systemClock, onError);
  const none = { connections: () => 0, subscriptions: () => 0, slowestReaderLag: () => 0, relayInFlight: () => 0 };
  const limits = new CallerLimits(config, systemClock);
  const door = new LocalDoor(hub, new Dispatcher(hub, HANDLERS, none, { guards: tokens, audit, limits }), log);
  return {
    instance_id: store.instance_id,
    connect: () => door.connect({ ...anybody('local'), grant: OWNER }),
    close: async () => {
      await audit.flush();
      await tokens.stop();
      await store.close();
    },
  };
}

/** The account that the file belongs to needs no token to show who it is. */
const OWNER: Grant = {
  id: 'store',
  label: 'the account of the store',
  role: 'operator',
  names: undefined,
  channels: undefined,
  expires_at: null,
  given: [],
  ended: new AbortController().signal,
};
