/** The relay inside the hub's own process. */
import { requestCapBytes } from '../../protocol/limits.js';
import { RelayHost } from '../../relay/host.js';
import type { RelayLog } from '../../relay/spool-watch.js';
import { anybody } from '../../server/access/caller.js';
import type { HubConfig } from '../../server/config.js';
import { limitsOf } from '../../server/config.js';
import type { RunningHub } from '../../server/main.js';
import { packageVersion } from '../version.js';
import { folderCaller } from './bound.js';
import type { RelaySettings } from './options.js';

/** What the envelope of a request file needs beside its body. */
export const ENVELOPE_BYTES = 65_536;

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
    execute: (call) => {
      const { method, path, body, idempotency_key, signal } = call;
      const caller = settings.bindAgents ? folderCaller(call) : anybody('relay');
      return hub.execute({ method, path, body, idempotency_key, signal, caller });
    },
    identify: async () => identity,
    log,
    watch: settings.watch,
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
