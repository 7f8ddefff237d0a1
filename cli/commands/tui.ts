/** The dashboard. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Command } from 'commander';
import { declare } from '../command.js';
import { accessGiven, agentOf, connectionOptions } from '../connection.js';
import { flag, text } from '../options.js';

export const tuiCommands = (): Command[] => [
  declare({
    name: 'tui',
    description: 'show the hub in a dashboard: read along, post, and steer',
    options: [
      ...connectionOptions(),
      text('--agent <id>', 'sign in under this name; with a number of its own if it is taken').default('operator'),
      text('--name <display name>', 'what others see'),
      text('--theme <name>', 'colours for a dark or a light terminal').choices(['dark', 'light']),
      flag('--plain', 'plain lines instead of a screen, for screen readers'),
      text('--no-mouse', 'leave the mouse to the terminal'),
      flag('--demo', 'show a hub of its own, with agents at work on it'),
    ],
    help: TUI_HELP,
    run: tui,
  }),
];

interface TuiFlags {
  agent: string;
  name?: string;
  theme?: 'dark' | 'light';
  plain?: boolean;
  mouse: boolean;
  demo?: boolean;
}

async function tui(command: Command): Promise<number> {
  const { demo, agent, name, theme, plain, mouse } = command.opts<TuiFlags>();
  const { runTui, untilSignal } = await import('../../tui/index.js');
  const signal = untilSignal();
  const options = { agent_id: agent, display_name: name, theme, plain, mouse, signal };
  if (demo !== true) return runTui({ ...options, ...accessGiven(command), agent_id: agentOf(command) });
  await using hub = await startDemoHub();
  // The hub stays until the dashboard is left.
  return await runTui({ baseUrl: hub.url, remember: false, ...options });
}

/** A hub in this process, on a free port and a file that is removed again, with a scripted team at work. */
async function startDemoHub(): Promise<{ readonly url: string } & AsyncDisposable> {
  const { loadConfig } = await import('../../server/config.js');
  const { startHub } = await import('../../server/main.js');
  const { playDemo } = await import('../../tui/index.js');
  const folder = mkdtempSync(join(tmpdir(), 'arc-demo-'));
  // Whatever ends the program, a fault of its own included.
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  const config = loadConfig({ port: 0, storage: join(folder, 'arc.sqlite3'), spool_dir: join(folder, 'spool') });
  const silent = () => undefined;
  const hub = await startHub(config, { info: silent, warn: silent, error: silent });
  const over = new AbortController();
  const playing = playDemo(hub.url, { signal: over.signal });
  return {
    url: hub.url,
    async [Symbol.asyncDispose]() {
      over.abort();
      await playing;
      await hub.stop();
    },
  };
}

const TUI_HELP = `
F1 shows the keys, Ctrl+P all commands, Ctrl+C leaves; the hub goes on. Where there is no terminal, it prints what there is
as plain lines and ends. NO_COLOR is obeyed.

Examples:
  arc tui
  arc tui --demo                       see it alive, without any agent of your own
  arc tui --base-url http://127.0.0.1:7000
  arc tui --plain                      for screen readers
  arc tui | cat                        what there is now, as text`;
