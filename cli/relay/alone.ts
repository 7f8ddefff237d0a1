/** `arc relay`: the relay in a process of its own, in front of a hub that it reaches by HTTP. */
import { CommandError } from '../../base/command-error.js';
import { homePath } from '../../base/home-path.js';
import { findAccess } from '../../client/access.js';
import { connectionError } from '../../client/failures.js';
import { HubAgent } from '../../client/net/agent.js';
import { DEFAULT_LIMITS, requestCapBytes } from '../../protocol/limits.js';
import { RelayHost } from '../../relay/host.js';
import { HttpExecutor } from '../../relay/http-executor.js';
import { openLog } from '../log.js';
import { ALL, boundTo, NONE_KNOWN } from './bound.js';
import { ENVELOPE_BYTES } from './in-hub.js';
import type { RelaySettings } from './options.js';

export interface AloneOptions extends RelaySettings {
  baseUrl: string;
  token: string | undefined;
  spoolDir: string;
  requestTimeoutSec: number;
  json: boolean;
}

/** Runs until it is signalled. */
export async function relayAlone(options: AloneOptions): Promise<void> {
  const { baseUrl, token, spoolDir, requestTimeoutSec, json, bindAgents, ...settings } = options;
  const signalled = new Promise<void>((resolve) => {
    process.once('SIGTERM', () => resolve()).once('SIGINT', () => resolve());
  });
  const access = await findAccess({ baseUrl, token }, undefined);
  const agent = new HubAgent(access, { keepAlive: true });
  using executor = new HttpExecutor({ baseUrl, requestTimeoutSec, agent, token: access.token });
  // It would refuse everybody behind the relay; a hub that does not answer yet is waited for.
  const refusal = await refusalOf(executor);
  if (refusal !== undefined) throw new CommandError(`the relay is not let in: ${refusal}`);
  const relay = new RelayHost({
    ...settings,
    spoolDir,
    // Where it matters who speaks, a folder speaks for its own agent.
    execute:
      bindAgents || access.token !== undefined
        ? boundTo(executor.execute, access.token === undefined ? NONE_KNOWN : ALL)
        : executor.execute,
    identify: executor.identify,
    log: openLog({ quiet: false, json }),
    maxRequestBytes: requestCapBytes(DEFAULT_LIMITS) + ENVELOPE_BYTES,
  });
  await relay.start();
  const ready = { ready: true, spool: homePath(spoolDir), base_url: baseUrl, pid: process.pid };
  process.stdout.write(`${JSON.stringify(ready)}\n`);
  await signalled;
  await relay.stop();
}

/** What is said to a relay that the hub does not take, or that does not trust the hub. */
async function refusalOf(executor: HttpExecutor): Promise<string | undefined> {
  try {
    const { status, error } = await executor.probe();
    return status === 401 ? error : undefined;
  } catch (cause) {
    const { code, message } = connectionError(cause);
    return code === 'unauthorized' ? message : undefined;
  }
}
