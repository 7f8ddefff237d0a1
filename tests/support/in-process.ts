import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '../../base/clock.js';
import { TOKEN_FILE } from '../../protocol/index.js';
import { type HubOptions, loadConfig } from '../../server/config.js';
import { type RunningHub, startHub } from '../../server/main.js';

const quiet = { info: () => undefined, warn: () => undefined, error: (details: object) => console.error(details) };

export interface InProcessHub extends AsyncDisposable {
  readonly hub: RunningHub;
  readonly wsUrl: string;
  /** The operator's, which a hub that asks for tokens leaves beside its store. */
  ownToken(): string;
}

/** A whole hub within the test's own process, on a free port and a real file. */
export async function startInProcess(options: HubOptions = {}, clock?: Clock): Promise<InProcessHub> {
  const folder = await mkdtemp(join(tmpdir(), 'arc-property-'));
  const storage = join(folder, 'arc.sqlite3');
  const config = loadConfig({ port: 0, storage, durability: 'normal', quiet: true, ...options });
  const hub = await startHub(config, quiet, clock);
  return {
    hub,
    wsUrl: `${hub.url.replace(/^http/, 'ws')}/v1/ws`,
    ownToken: () => readFileSync(join(folder, TOKEN_FILE), 'utf8').trim(),
    [Symbol.asyncDispose]: async () => {
      await hub.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
