/** The life of a hub: serve, ensure, stop, reset. */
import type { Command } from 'commander';
import { declare } from '../command.js';
import { hubFlagsGiven, hubOptions } from '../hub/options.js';
import { decimal, flag } from '../options.js';
import { writeJson } from '../output.js';
import { relayFlagsGiven, relayOptions } from '../relay/options.js';

const servedRelay = () => [flag('--no-relay', 'do not serve the file relay'), ...relayOptions()];

export const hubCommands = (): Command[] => [
  declare({
    name: 'serve',
    description: 'run the hub in the foreground (what `arc` alone does too)',
    options: [...hubOptions(), ...servedRelay(), flag('--json', 'log JSON lines on a terminal too')],
    help: SERVE_HELP,
    async run(command) {
      const { serve } = await import('../serve.js');
      process.exit(await serve(command));
    },
  }),
  declare({
    name: 'ensure',
    description: 'start a hub in the background unless it is running',
    options: [
      ...hubOptions(),
      ...servedRelay(),
      decimal('--timeout <sec>', 'how long the new hub may take until it answers').default(60),
      flag('--force', 'start a hub even where one that is out of reach serves a spool'),
    ],
    help: ENSURE_HELP,
    async run(command) {
      const { ensureHub } = await import('../hub/ensure.js');
      const { targetOf } = await import('../hub/locate.js');
      const { timeout, force, spoolDir } = command.opts<{ timeout: number; force?: boolean; spoolDir: string }>();
      const flags = [...hubFlagsGiven(command), ...relayFlagsGiven(command)];
      const spool = force === true ? undefined : spoolDir;
      const result = await ensureHub(targetOf(command), flags, timeout * 1_000, spool);
      writeJson(result);
      return result.running ? 0 : 1;
    },
  }),
  declare({
    name: 'stop',
    description: 'stop the hub and wait until it is gone',
    options: hubOptions(['host', 'port', 'storage']),
    help: STOP_HELP,
    async run(command) {
      const { findToStop, targetOf } = await import('../hub/locate.js');
      const { stopHub } = await import('../hub/stop.js');
      const result = await stopHub(await findToStop(targetOf(command)));
      writeJson(result);
      return result.stopped ? 0 : 1;
    },
  }),
  declare({
    name: 'reset',
    description: 'stop the hub and delete its storage, without asking',
    options: hubOptions(['host', 'port', 'storage']),
    help: RESET_HELP,
    async run(command) {
      const { targetOf } = await import('../hub/locate.js');
      const { resetStorage } = await import('../hub/reset.js');
      const result = await resetStorage(targetOf(command));
      writeJson(result);
      return result.reset ? 0 : 1;
    },
  }),
];

const SERVE_HELP = `
Prints one line of JSON on stdout when it is ready, and logs to stderr. SIGTERM or Ctrl+C ends it cleanly.

Examples:
  arc serve
  arc serve --port 7000 --storage ~/team/arc.sqlite3
  arc serve --port 0 --quiet                  a free port; the line on stdout tells which
  arc serve --host 0.0.0.0 --allow-remote     other machines too, with a token (arc invite)`;

const ENSURE_HELP = `
Prints JSON: "running", "started", "url", and the hub's "log" file when it was started. Exit 1 if no hub runs at the end.
The hub of the storage counts, wherever it listens. If no storage is named, a hub of a folder above or at the address
counts too, and "storage_path" says which file it serves. In a sandbox whose folder holds the spool of a hub outside, it
starts none: that hub is the one to talk to, through the relay.

Examples:
  arc ensure
  arc ensure --port 7000 --storage ~/team/arc.sqlite3`;

const STOP_HELP = `
Finds the hub of the storage as \`arc ensure\` does, and signals nobody who is not that hub. Exit 1 if there was none.

Examples:
  arc stop
  arc stop --port 7000
  arc stop --storage ~/team/arc.sqlite3`;

const RESET_HELP = `
Deletes the storage file with all messages, and only that: never another hub's, and no file that is not a database.

Examples:
  arc reset
  arc reset --storage ~/team/arc.sqlite3`;
