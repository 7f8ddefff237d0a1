/** `arc serve`: the hub in the foreground, from its settings to its exit code. */
import type { Command } from 'commander';
import type { Logger } from 'pino';
import type { RelayHost } from '../relay/host.js';
import { ConfigError, loadConfig } from '../server/config.js';
import type { RunningHub } from '../server/main.js';
import { hubOptionsGiven } from './hub/options.js';
import { openLog } from './log.js';
import { mountMcp } from './mcp/mount.js';
import { relaySettings } from './relay/options.js';

/** A hub that hangs on its way down is left behind after this long: 5 s are promised. */
const STOP_WITHIN_MS = 4_500;

/** Runs until the hub is shut down, by a signal or by an operation; the exit code. */
export async function serve(command: Command): Promise<number> {
  const signalled = new Promise<void>((resolve) => {
    process.on('SIGTERM', () => resolve());
    process.on('SIGINT', () => resolve());
  });
  let hub: RunningHub;
  let log: Logger;
  let relay: RelayHost | undefined;
  try {
    const config = loadConfig(hubOptionsGiven(command));
    log = openLog({ quiet: config.quiet, json: command.getOptionValue('json') === true });
    const { startHub } = await import('../server/main.js');
    hub = await startHub(config, log);
    // Without certificate files it ends a hub whose terminal is closed, as it ends every program.
    if (config.tls_cert !== '') process.on('SIGHUP', () => void hub.reload());
    mountMcp(hub);
    if (command.getOptionValue('relay') !== false) {
      const { startRelay } = await import('./relay/in-hub.js');
      relay = await startRelay(hub, config, relaySettings(command), log);
    }
  } catch (cause) {
    process.stderr.write(`arc error: ${startFailure(cause)}\n`);
    return 1;
  }
  const { url, host, port, socket, fingerprint, instance_id, storage_path } = hub;
  const ready = { ready: true, url, host, port, socket, fingerprint, pid: process.pid, instance_id, storage_path };
  process.stdout.write(`${JSON.stringify(ready)}\n`);
  await Promise.race([hub.closed, signalled]);
  const late = new Promise<void>((resolve) => setTimeout(resolve, STOP_WITHIN_MS).unref());
  try {
    const stopped = hub
      .stop()
      .then(() => hub.closed)
      .then(() => relay?.stop());
    await Promise.race([stopped, late]);
    return 0;
  } catch (cause) {
    log.error({ err: cause }, 'the hub did not stop cleanly');
    return 1;
  }
}

/** One line for people. Only what is nobody's fault but ours keeps its trace. */
function startFailure(cause: unknown): string {
  if (cause instanceof ConfigError) return cause.message;
  if (cause instanceof Error && 'code' in cause) return cause.message;
  return cause instanceof Error ? (cause.stack ?? cause.message) : String(cause);
}
