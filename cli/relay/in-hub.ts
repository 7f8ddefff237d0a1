/** The relay inside the hub's own process. */
import { requestCapBytes } from '../../protocol/limits.js';
import type { Execute, RelayCall } from '../../relay/execution.js';
import { RelayHost } from '../../relay/host.js';
import type { RelayLog } from '../../relay/spool-watch.js';
import { anybody, type Caller } from '../../server/access/caller.js';
import type { HubConfig } from '../../server/config.js';
import { limitsOf } from '../../server/config.js';
import type { RunningHub } from '../../server/main.js';
import { packageVersion } from '../version.js';
import { folderCaller } from './bound.js';
import type { RelaySettings } from './options.js';

/** What the envelope of a request file needs beside its body. */
export const ENVELOPE_BYTES = 65_536;

/** Has requests answered by the hub itself, as whoever `callerOf` says that they are from. */
export function inHub({ local }: Pick<RunningHub, 'local'>, callerOf: (call: RelayCall) => Caller): Execute {
  return async (call) => {
    const { status, body, error, code, details } = await local.rest(call, callerOf(call));
    return { status, body, ok: error === undefined, error, code, details };
  };
}

/** Undefined when the spool cannot be served: the hub is of use without it, and the log says why. */
export async function startRelay(
  hub: RunningHub,
  config: HubConfig,
  settings: RelaySettings,
  log: RelayLog,
): Promise<RelayHost | undefined> {
  const { instance_id, url } = hub;
  const identity = { instance_id, implementation: 'arc-hub', version: packageVersion(), url };
  const relay = new RelayHost({
    spoolDir: config.spool_dir,
    execute: inHub(hub, (call) =>
      settings.bindAgents || hub.knowsCallers ? folderCaller(call, hub.guards) : anybody('relay'),
    ),
    identify: async () => identity,
    log,
    watch: settings.watch,
    sharing: settings.sharing,
    retentionSec: settings.retentionSec,
    maxRequestBytes: requestCapBytes(limitsOf(config)) + ENVELOPE_BYTES,
  });
  try {
    await relay.start();
  } catch (err) {
    log.error({ err, spool: config.spool_dir }, 'the file relay cannot be served');
    return undefined;
  }
  hub.attachRelay(relay);
  return relay;
}
