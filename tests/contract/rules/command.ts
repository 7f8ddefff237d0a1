import { COMMAND, section } from '../harness/rule.js';

const command = (text: string) => [text, COMMAND] as const;

export const rules = [
  ...section('arc-v1 §8.1', {
    1: command('arc --version prints the version; --help everywhere; usage errors exit 2 with the message on stderr'),
    2: command('long options may be shortened to an unambiguous prefix, and --option=value works'),
    3: command('options before a subcommand count (arc-v1 §12 F6)'),
    4: command('JSON on stdout is indented by 2 and non-ASCII is escaped'),
  }),
  ...section('arc-v1 §8.3', {
    1: command('bare arc runs the hub; the ready line names url, host, port, pid, instance and storage'),
    2: command('wrong settings: exit 1, one line on stderr with the text of Arc, and no file made'),
    3: command(
      'a busy port, a directory as storage, a file that is no database, an unwritable folder: one line, exit 1, nothing destroyed',
    ),
    4: command('SIGTERM and SIGINT: final notice, pid file gone, exit 0'),
  }),
  ...section('arc-v1 §8.4', {
    1: command('.arc.pid beside the storage holds pid, port and url, and goes at a clean exit'),
  }),
  ...section('arc-v1 §8.5', {
    1: command('ensure starts a hub once, and finds it the second time'),
    2: command('ensure does not take another hub for this one (arc-v1 §12 F2)'),
  }),
  ...section('arc-v1 §8.6', {
    1: command('stop ends the hub it finds; with none it says so and exits 1'),
    2: command('stop never signals a pid from a stale file (arc-v1 §12 F1)'),
  }),
  ...section('arc-v1 §8.7', {
    1: command('reset stops the hub, removes the files of the database and names them; without any it says so'),
  }),
  ...section('arc-v1 §8.8', {
    1: command('post prints the message; --to makes it direct'),
    2: command('poll prints one JSON object a line, without own messages unless asked'),
    3: command('whoami prints the bootstrap, and evicts nobody (arc-v1 §12 F7)'),
    4: command(
      'a hub that is down: arc error: on stdout, exit 1; whoami answers that there is no way to a hub, exit 1',
    ),
  }),
];
