import {
  DEFAULT_CHANNEL,
  EXTENSIONS,
  FEATURES,
  HubError,
  MESSAGE_KINDS,
  PROTOCOL_VERSION,
} from '../../protocol/index.js';
import { isLoopback } from '../config.js';
import { handle } from './context.js';

const remoteRefused = (host: string) =>
  `cannot enable remote access at runtime: hub is bound to ${host} and the listening socket cannot be rebound. ` +
  'Restart the hub with `--host 0.0.0.0 --allow-remote` to expose it on the LAN.';

export const hubOperations = [
  handle('hub.info', async ({ hub }) => {
    const { limits, presence_ttl_sec, durability, version } = hub.settings;
    return {
      storage_path: hub.store.location,
      instance_id: hub.store.instance_id,
      journal_mode: hub.store.journal_mode,
      wal_mode: hub.store.journal_mode === 'wal',
      default_channel: DEFAULT_CHANNEL,
      max_body_chars: limits.max_body_chars,
      max_attachment_chars: limits.max_attachment_chars,
      max_attachments: limits.max_attachments,
      allow_remote: hub.allowRemote,
      auth: hub.settings.auth,
      protocol_version: PROTOCOL_VERSION,
      implementation: 'arc-hub',
      implementation_version: version,
      features: FEATURES,
      message_kinds: MESSAGE_KINDS,
      extensions: EXTENSIONS,
      max_query_limit: limits.max_query_limit,
      max_wait_sec: limits.max_wait_sec,
      presence_ttl_sec,
      durability,
      store_problem: hub.store.problem ?? null,
      limits,
    };
  }),

  handle('hub.stats', async ({ hub, doors, limits }) => {
    const store = hub.store.stats();
    return {
      instance_id: hub.store.instance_id,
      version: hub.settings.version,
      uptime_sec: Math.floor((hub.clock.nowMs() - hub.startedMs) / 1_000),
      connections: doors.connections(),
      waiters: hub.waiters.count,
      subscriptions: doors.subscriptions(),
      messages: store.messages,
      posts_per_sec: hub.posts.perSecond(),
      pushes_per_sec: hub.pushes.perSecond(),
      commits: {
        count: store.commits,
        batch_mean: store.batch_mean,
        batch_max: store.batch_max,
        p50_ms: store.commit_p50_ms,
        p99_ms: store.commit_p99_ms,
      },
      slowest_reader_lag: doors.slowestReaderLag(),
      store_bytes: store.store_bytes,
      wal_bytes: store.wal_bytes,
      store_problem: hub.store.problem ?? null,
      relay_in_flight: doors.relayInFlight(),
      limited: limits.refused,
    };
  }),

  handle('hub.shutdown.get', async ({ hub }) => hub.shutdown.pending()),
  handle('hub.shutdown.start', async ({ hub, call, key, note }, { delay_sec }) => {
    const started = await hub.shutdown.start(delay_sec, key(call.agent_id ?? ''));
    await note(`in ${delay_sec} s`);
    return started;
  }),
  handle('hub.shutdown.cancel', async ({ hub, call, key, note }) => {
    const cancelled = await hub.shutdown.cancel(key(call.agent_id ?? ''));
    await note('');
    return cancelled;
  }),

  handle('hub.network', async ({ hub, call, key, note }, { allow_remote }) => {
    const listen_host = hub.settings.listen_host;
    if (allow_remote !== undefined) {
      if (allow_remote && isLoopback(listen_host)) throw new HubError('bad_request', remoteRefused(listen_host));
      const { replayed } = await hub.write('remember', {}, key(call.agent_id ?? ''));
      if (!replayed) {
        hub.setAllowRemote(allow_remote);
        await note(`allow_remote ${allow_remote}`);
      }
    }
    return { allow_remote: hub.allowRemote, listen_host };
  }),
];
