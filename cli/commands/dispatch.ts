/** Asking agents, and what is configured of them: ask, agent, log, config, daemon, ping. */
import { Argument, type Command, InvalidArgumentError } from 'commander';
import { declareDispatch } from '../dispatch/command.js';
import { flag, text } from '../options.js';

const action = (actions: readonly string[]) => new Argument('<action>', 'what to do').choices([...actions]);

const count = (flags: string, description: string) =>
  text(flags, description).argParser((value) => {
    if (!/^[1-9]\d{0,8}$/.test(value.trim())) throw new InvalidArgumentError('It must be a whole number above 0.');
    return Number(value);
  });

export const dispatchCommands = (): Command[] => [
  declareDispatch({
    name: 'ask',
    description: 'ask an agent, or a model, and print its answer',
    args: [new Argument('[prompt]', 'what to ask; text from a pipe goes before it')],
    options: [
      text('-a, --agent <name>', 'whom to ask'),
      text('-m, --model <model>', 'another model of the agent; without one, a model in this folder'),
      text('--session <name>', 'a named session of acpx, which remembers'),
      count('--timeout <sec>', 'how long the answer may take'),
      flag('--pretty', 'say first what has answered'),
    ],
    help: ASK_HELP,
    run: async (command) => (await import('../dispatch/ask.js')).ask(command),
  }),
  declareDispatch({
    name: 'agent',
    description: 'the agents that can be asked: their files (arc agents lists who is on the hub)',
    args: [
      action(['list', 'show', 'create', 'edit', 'delete', 'clone']),
      new Argument('[name]', 'of the agent'),
      new Argument('[new-name]', 'of a clone'),
    ],
    options: [
      text('--from <file>', 'create: take this file'),
      text('-n, --name <name>', 'create: its name'),
      text('-w, --workspace <dir>', 'create: the folder that it works in'),
      text('-m, --model <model>', 'create: its model (default: sonnet)'),
      flag('-y, --yes', 'delete: without asking'),
    ],
    help: AGENT_HELP,
    run: async (command) => (await import('../dispatch/agents.js')).agent(command),
  }),
  declareDispatch({
    name: 'log',
    description: 'what was asked, and what jobs did',
    args: [action(['routing', 'cron', 'tail'])],
    options: [
      count('-n, --last <n>', 'most lines (default: 20 of routing, 10 of cron)'),
      text('-a, --agent <name>', 'only this agent'),
      text('-j, --job <name>', 'only this job'),
    ],
    help: LOG_HELP,
    run: async (command) => (await import('../dispatch/logs.js')).log(command),
  }),
  declareDispatch({
    name: 'config',
    description: "the dispatcher's configuration (the hub's own settings: arc serve --help)",
    args: [
      action(['show', 'edit', 'set']),
      new Argument('[key]', 'such as timeouts.acpx_request'),
      new Argument('[value]', 'true, false, a whole number, or text'),
    ],
    help: CONFIG_HELP,
    run: async (command) => (await import('../dispatch/settings.js')).config(command),
  }),
  declareDispatch({
    name: 'daemon',
    description: 'the process that answers `arc ask` and scripts through a socket',
    args: [action(['start', 'stop', 'status'])],
    options: [flag('--foreground', 'start: here, until Ctrl+C')],
    help: DAEMON_HELP,
    run: async (command) => (await import('../dispatch/daemon.js')).daemon(command),
  }),
  declareDispatch({
    name: 'ping',
    description: 'test whether the backends can be used',
    help: PING_HELP,
    run: async (command) => (await import('../dispatch/ping.js')).ping(command),
  }),
];

const ASK_HELP = `
Prints the answer and nothing else; errors go to stderr, exit 1. --json prints the whole reply, also of a failure.

Examples:
  arc ask --agent coach "What's my workout today?"
  git diff | arc ask --agent reviewer "Anything wrong here?"
  arc ask --model ollama/llama3 "A word for rain?"`;

const AGENT_HELP = `
An agent is a file of YAML in the agents folder of the home. An edit holds from the next prompt on.

Examples:
  arc agent create --name coach --workspace ~/coach --model sonnet
  arc agent list
  arc agent clone coach trainer
  arc agent delete trainer --yes`;

const LOG_HELP = `
\`tail\` shows new lines as they are, until Ctrl+C.

Examples:
  arc log routing --agent coach --last 5
  arc log cron --job nightly --json
  arc log tail`;

const CONFIG_HELP = `
A value that is not valid changes nothing. Secrets belong into the file .env of the home, never here.

Examples:
  arc config show
  arc config set timeouts.acpx_request 600`;

const DAEMON_HELP = `
One runs for a home. It ends after what is under way, within ten seconds. SIGHUP reads the configuration again.

Examples:
  arc daemon start
  arc daemon start --foreground
  arc daemon status`;

const PING_HELP = `
Exit 1 if one of them cannot be used.

Examples:
  arc ping
  arc ping --json`;
