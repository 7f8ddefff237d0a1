/** Puts the rooms of the server together: store, hub, operations, doors. */
import type { Socket } from 'node:net';
import { dirname, join } from 'node:path';
import { backgroundClock, type Clock } from '../base/clock.js';
import { homePath } from '../base/home-path.js';
import { pidFilesIn } from '../base/pid-file.js';
import { type Sharing, share } from '../base/sharing.js';
import { Access } from './access/access.js';
import type { Guards } from './access/authorize.js';
import { BrowserDefence } from './access/browser-defence.js';
import type { Caller, CallerOf } from './access/caller.js';
import { CallerLimits } from './access/limits.js';
import { type OwnToken, readOwnToken } from './access/own-token.js';
import { authOf, ConfigError, type HubConfig, isLoopback, limitsOf } from './config.js';
import { Hub, type HubLog } from './domain/hub.js';
import { ArcpDoor } from './doors/arcp/door.js';
import { createHttpServer, HttpDoor } from './doors/http/door.js';
import type { Mounted } from './doors/http/pages.js';
import { LocalDoor } from './doors/local/door.js';
import { WebSocketDoor } from './doors/websocket/door.js';
import { Listeners } from './listen/listeners.js';
import type { DoorStats } from './operations/context.js';
import { Dispatcher } from './operations/dispatch.js';
import { HANDLERS } from './operations/handlers.js';
import { writePidFiles } from './pid-file.js';
import { SqliteStore } from './store/sqlite/sqlite-store.js';
import { VERSION } from './version.js';

export type { LocalDoor, Mounted };
export { ConfigError, type HubConfig };

/** What `arc ensure` lets the hub write its log to. */
const LOG_FILE = 'arc.log';

/** A door that lives outside this folder and brings its requests by `local.rest`. */
export interface RelayDoor {
  /** Requests that it has taken and not yet answered. */
  readonly inFlight: number;
  /** Takes nothing more, so that what comes while the hub goes down waits for the next one. */
  pause(): Promise<void>;
}

/** How long peers get to say goodbye before they are cut off. */
const GOODBYE_MS = 1_500;
/** How long the notice and the last presence may wait for the file. */
const FAREWELL_MS = 1_500;

export interface RunningHub {
  /** Base URL that reaches it from this machine; `unix:PATH` when it listens on a Unix socket only. */
  readonly url: string;
  readonly host: string;
  /** The bound one, also when 0 was asked for; 0 without TCP. */
  readonly port: number;
  /** Path of the Unix socket, if it listens on one. */
  readonly socket: string | undefined;
  /** What clients pin of its TLS certificate: SHA-256 of the public key, base64url. Undefined without TLS. */
  readonly fingerprint: string | undefined;
  readonly instance_id: string;
  readonly storage_path: string;
  /** Resolves when it has stopped: by `stop`, or by a shutdown that an agent asked for. */
  readonly closed: Promise<void>;
  /** Notice, answers to all who wait, commits flushed, sockets closed with 1001, pid file removed. */
  stop(): Promise<void>;
  /** Looks whether the files of the TLS certificate hold a new one. */
  reload(): Promise<void>;
  /** The way in for callers in this process. */
  readonly local: Pick<LocalDoor, 'connect' | 'rest'>;
  /** Who sends a request to what is mounted. @throws {HubError} `unauthorized` */
  readonly callerOf: CallerOf;
  /** Whether it matters who speaks: callers must show a token, or some name has one. */
  readonly knowsCallers: boolean;
  /** Has the audit keep that something that is mounted has refused the caller the name. */
  refused(caller: Caller, agentId: string, what: string): void;
  /** Which names nobody acts under without a token for them. */
  readonly guards: Guards;
  /** Counts it in `hub.stats`, and pauses it before anything else when the hub stops. */
  attachRelay(relay: RelayDoor): void;
  /** Serves `prefix`, one segment such as `/mcp`, and all below it by something that is no operation. */
  mount(prefix: string, mounted: Mounted): void;
}

/**
 * Starts a hub.
 * @throws {ConfigError} one line for people: port in use, storage not usable. Nothing was changed
 */
export async function startHub(
  config: Readonly<HubConfig>,
  log: HubLog,
  clock: Clock = backgroundClock,
): Promise<RunningHub> {
  let instanceId = '';
  // The addresses come first: a start that fails for one leaves no empty database behind.
  const limits = new CallerLimits(config, clock);
  const listeners = await Listeners.bind(config, limits);
  const { peers, port } = listeners;
  const server = createHttpServer(() => instanceId, config);
  const path = homePath(config.storage);
  const auth = authOf(config);
  const sharing: Sharing = config.share_group ? 'group' : 'owner';
  let store: SqliteStore;
  let ownToken: OwnToken | undefined;
  try {
    await listeners.openTls(
      path,
      clock,
      log,
      () => void announce().catch((err) => log.error({ err }, 'the pid file cannot be written')),
    );
    // Before the file: a start that fails for it leaves no empty database behind.
    if (auth.mode === 'required') ownToken = readOwnToken(dirname(path));
    const onError = (err: unknown) => log.error({ err }, 'store failed');
    store = new SqliteStore({
      path,
      durability: config.durability,
      clock,
      sharing,
      search: !config.no_search,
      onError,
    });
    tighten(path, sharing, log);
  } catch (cause) {
    listeners.destroyAll();
    await listeners.close();
    throw cause;
  }
  instanceId = store.instance_id;

  const settings = {
    limits: limitsOf(config),
    presence_ttl_sec: config.presence_ttl_sec,
    max_waiters: config.max_waiters,
    durability: config.durability,
    listen_host: config.host,
    allow_remote: config.allow_remote,
    auth,
    version: VERSION,
  };
  let stopping: Promise<void> | undefined;
  let relay: RelayDoor | undefined;
  const stop = () => {
    stopping ??= stopAll();
    return stopping;
  };
  const hub = new Hub(store, settings, clock, log, () => void stop());
  const sockets = new Set<Socket>();
  /** Those with a request under way, or upgraded: they are waited for. */
  const busy = new WeakSet<Socket>();
  const doors: DoorStats = {
    connections: () => sockets.size,
    subscriptions: () => websocket.subscriptionCount + http.streams.count + local.subscriptionCount,
    slowestReaderLag: () => Math.max(websocket.lag(), http.streams.lag(), local.lag()),
    relayInFlight: () => relay?.inFlight ?? 0,
  };
  const access = new Access(hub, limits, peers.of, config, clock, log);
  const { callerOf } = access;
  const dispatcher = new Dispatcher(hub, HANDLERS, doors, access);
  const defence = new BrowserDefence({ ...config, allowRemote: () => hub.allowRemote, peerOf: peers.of });
  const http = new HttpDoor(hub, dispatcher, defence, callerOf, config, log);
  const websocket = new WebSocketDoor(hub, dispatcher, defence, callerOf, config, log);
  const local = new LocalDoor(hub, dispatcher, log);
  const arcp = new ArcpDoor(hub, dispatcher, defence, callerOf, log);
  server.on('connection', (socket: Socket) => {
    if (sockets.has(socket)) return;
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  access.whenGuarded((guarded) => {
    for (const door of [websocket, http.streams, local]) door.guard(guarded);
  });
  // Remote access that is taken back ends what is open too.
  hub.feed.listen(({ changes }) => {
    if (hub.allowRemote || !changes.some(({ topic, change }) => topic === 'hub' && change === 'network')) return;
    for (const socket of sockets) if (!peers.ofSocket(socket).loopback) socket.destroy();
  });
  try {
    await access.start(ownToken, log);
    await hub.start();
    await arcp.desk.start();
  } catch (cause) {
    listeners.destroyAll();
    await listeners.close();
    await store.close();
    throw cause;
  }
  server.on('upgrade', ({ socket }) => busy.add(socket));
  server.on('request', ({ socket }, res) => {
    busy.add(socket);
    res.once('close', () => busy.delete(socket));
  });
  websocket.attach(server);
  arcp.attach(server);
  server.on('request', http.listener);
  listeners.serve(server);

  const announce = () => {
    const { url, socket, fingerprint } = listeners;
    return writePidFiles(path, { pid: process.pid, port, url, socket, fingerprint }, instanceId, sharing);
  };
  const removePidFiles = await announce();
  if (!config.no_tcp && !isLoopback(config.host)) {
    log.warn(
      { host: config.host },
      settings.auth.insecure
        ? 'REMOTE ACCESS IS ON WITHOUT TOKENS: anyone who reaches this address can read and post everything'
        : 'remote access is on: who comes must show a token (arc invite makes one)',
    );
  }
  if (
    !config.no_tcp &&
    !isLoopback(config.host) &&
    !listeners.url.startsWith('https:') &&
    config.trusted_proxy.length === 0
  ) {
    log.warn({ host: config.host }, 'NO TLS: whoever is on the way reads along, tokens included; --tls auto encrypts');
  }
  if (store.journal_mode !== 'wal') log.warn({ journal_mode: store.journal_mode }, 'the store is not in WAL mode');
  log.info(
    { url: listeners.url, storage: path, instance_id: instanceId, allow_remote: config.allow_remote },
    'listening',
  );

  let resolveClosed: () => void = () => undefined;
  const closed = new Promise<void>((resolve) => {
    resolveClosed = resolve;
  });

  async function stopAll(): Promise<void> {
    log.info({}, 'shutting down');
    await relay?.pause();
    await arcp.desk.stop();
    const listening = listeners.close();
    server.close();
    // A file that another process has locked must not hold the shutdown up.
    const farewell = hub.shutdown.final().then(() => Promise.all([hub.stop(), access.stop()]));
    await Promise.race([farewell, sleep(FAREWELL_MS)]).catch((err) => log.error({ err }, 'shutdown notice failed'));
    http.streams.close();
    http.pages.close();
    local.close();
    websocket.close();
    arcp.close();
    for (const socket of sockets) if (!busy.has(socket)) socket.destroySoon();
    await Promise.race([listening, sleep(GOODBYE_MS)]);
    websocket.terminate();
    arcp.terminate();
    server.closeAllConnections();
    for (const socket of sockets) socket.destroy();
    listeners.destroyAll();
    // Nothing is served any more, however long the file may keep us.
    removePidFiles();
    await store.close();
    log.info({}, 'stopped');
    resolveClosed();
  }

  return {
    url: listeners.url,
    host: config.host,
    port,
    socket: listeners.socket,
    get fingerprint() {
      return listeners.fingerprint;
    },
    reload: () => listeners.reload(),
    instance_id: instanceId,
    storage_path: path,
    closed,
    stop,
    local,
    callerOf,
    guards: access.guards,
    refused: (caller, agent, operation) => access.audit.refused({ caller, agent, operation, target: '' }, 'forbidden'),
    get knowsCallers() {
      return access.knowsCallers;
    },
    attachRelay: (door) => {
      relay = door;
    },
    mount: (prefix, mounted) => http.pages.mount(prefix, mounted),
  };
}

/** What an earlier version, or another hub, has left open to other accounts. */
function tighten(path: string, sharing: Sharing, log: HubLog): void {
  const folder = dirname(path);
  const files = [
    path,
    `${path}-wal`,
    `${path}-shm`,
    join(folder, LOG_FILE),
    ...pidFilesIn(folder).map((file) => file.path),
  ];
  const tightened = files.filter((file) => share(file, sharing));
  if (tightened.length > 0)
    log.warn({ files: tightened }, 'files that other accounts could read are closed to them now');
}

const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms).unref());
