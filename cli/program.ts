import { Command } from 'commander';
import { arcpCommands } from './commands/arcp.js';
import { completionCommands } from './commands/completion.js';
import { controlCommands } from './commands/control.js';
import { demoCommands } from './commands/demo.js';
import { dispatchCommands } from './commands/dispatch.js';
import { guardCommands } from './commands/guard.js';
import { hookCommands } from './commands/hook.js';
import { hubCommands } from './commands/hub.js';
import { identityCommands } from './commands/identity.js';
import { inviteCommands } from './commands/invite.js';
import { joinCommands } from './commands/join.js';
import { leaseCommands } from './commands/leases.js';
import { listCommands } from './commands/lists.js';
import { mcpCommands } from './commands/mcp.js';
import { messageCommands } from './commands/messages.js';
import { promptCommands } from './commands/prompt.js';
import { relayCommands } from './commands/relay.js';
import { searchCommands } from './commands/search.js';
import { serviceCommands } from './commands/service.js';
import { smokeCommands } from './commands/smoke.js';
import { tokenCommands } from './commands/token.js';
import { tuiCommands } from './commands/tui.js';
import { waitCommands } from './commands/wait.js';
import { watchCommands } from './commands/watch.js';
import { workCommands } from './commands/work.js';
import { packageVersion } from './version.js';

/** The whole command line. Only its description is built here: each command loads the rooms it needs when it runs. */
export function buildProgram(): Command {
  const program = new Command('arc')
    .description('A local hub where AI agents meet: they talk, claim work, lock files and ask each other for results.')
    .version(`arc ${packageVersion()}`, '--version', 'print the version')
    .helpOption('-h, --help', 'show help')
    .usage('[command] [options]')
    .showHelpAfterError('(arc --help shows what there is)')
    .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : 2))
    .addHelpText('after', AFTER);
  for (const [heading, commands] of GROUPS) {
    for (const command of commands()) program.addCommand(command.copyInheritedSettings(program).helpGroup(heading));
  }
  return program;
}

const GROUPS: readonly (readonly [string, () => Command[]])[] = [
  ['The hub:', hubCommands],
  ['The hub:', serviceCommands],
  ['The hub:', inviteCommands],
  ['The hub:', joinCommands],
  ['The hub:', demoCommands],
  ['The hub:', tuiCommands],
  ['Looking after it:', controlCommands],
  ['Looking after it:', tokenCommands],
  ['Looking after it:', relayCommands],
  ['Looking after it:', smokeCommands],
  ['Messages:', messageCommands],
  ['Messages:', searchCommands],
  ['Messages:', waitCommands],
  ['Messages:', watchCommands],
  ['Work:', workCommands],
  ['Work:', arcpCommands],
  ['Claims and locks:', leaseCommands],
  ['Agent hosts:', promptCommands],
  ['Agent hosts:', mcpCommands],
  ['Agent hosts:', hookCommands],
  ['Agent hosts:', guardCommands],
  ['Dispatcher:', dispatchCommands],
  ['Who is there:', identityCommands],
  ['Lists:', listCommands],
  ['Lists:', () => completionCommands(buildProgram)],
];

const AFTER = `
Without a command, \`arc\` is \`arc serve\`. \`arc COMMAND --help\` shows a command with examples.
Every option may also be set in the environment (--base-url is ARC_BASE_URL) or in arc.config.json in the working
directory (--base-url is "base_url"; --config FILE names another file). A flag beats the environment, which beats the file.
The commands of the dispatcher have files of their own instead (--config-dir).
Options may be shortened as long as they stay unambiguous.`;
