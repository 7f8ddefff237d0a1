/** The first minute: a hub, two agents of different makers, and what they do with each other. */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Command } from 'commander';
import { CommandError } from '../../base/command-error.js';
import { printable } from '../../base/terminal-text.js';
import { declare } from '../command.js';
import { hubOptions } from '../hub/options.js';
import { flag, integer } from '../options.js';
import { write, writeJsonLine } from '../output.js';

export const demoCommands = (): Command[] => [
  declare({
    name: 'demo',
    description: 'start a hub, let two agents meet on it, and leave it running',
    options: [
      ...hubOptions(['host']),
      integer('--port <n>', 'port of the hub; 0 takes a free one').default(0),
      ...hubOptions(['storage']).map((option) => option.default(undefined)),
      flag('--json', 'print one JSON object a line'),
    ],
    help: DEMO_HELP,
    run: demo,
  }),
];

async function demo(command: Command): Promise<number> {
  const { startHub } = await import('../hub/ensure.js');
  const { targetOf } = await import('../hub/locate.js');
  const { tellStory } = await import('../demo/story.js');
  const { json, host, port } = command.opts<{ json?: boolean; host: string; port: number }>();
  if (command.getOptionValue('storage') === undefined) {
    command.setOptionValue('storage', join(mkdtempSync(join(tmpdir(), 'arc-demo-')), 'arc.sqlite3'));
  }
  const target = targetOf(command);
  const flags = [`--host=${host}`, `--port=${port}`, `--storage=${target.storage}`];
  const hub = await startHub(target, flags, 30_000);
  if (!hub.running) throw new CommandError(hub.error ?? 'the hub did not start');

  const say = (who: string, what: string) => write(`${who.padEnd(4)} ${printable(what)}`);
  if (json !== true)
    say('hub', `listens on ${hub.url}, pid ${hub.pid ?? 'unknown'}, storage ${target.storage}\n`.trimEnd());
  await tellStory(hub.url, (who, what, facts) => {
    if (json === true) writeJsonLine({ who, what, ...(facts !== undefined && { facts }) });
    else say(who, what);
  });
  if (json === true) writeJsonLine({ ...hub, storage_path: target.storage });
  else write(`\n${farewell(hub.url, target.storage)}`);
  return 0;
}

function farewell(url: string, storage: string): string {
  // Under `npm run`, the command is not on the path of the shell that the reader goes back to.
  const arc = process.env.npm_lifecycle_event === undefined ? 'arc' : 'npx arc';
  return `The hub goes on running. Look at it, join in, and stop it:

  ${arc} status --base-url ${url}
  ${arc} watch --base-url ${url} --since-id 0
  ${arc} post "hello from me" --agent me --channel workshop --base-url ${url}
  curl '${url}/v1/messages?channel=workshop'
  ${arc} stop --storage ${/^[\w./-]+$/.test(storage) ? storage : JSON.stringify(storage)}`;
}

const DEMO_HELP = `
One agent speaks WebSocket, the other plain HTTP. The storage is a new temporary folder unless --storage names one.

Examples:
  arc demo
  arc demo --port 7000 --storage /tmp/demo.sqlite3`;
