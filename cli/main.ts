#!/usr/bin/env node
import { arrange } from './arguments.js';
import { buildProgram } from './program.js';
import { applySettings } from './settings.js';

const program = buildProgram();
const { command, argv } = arrange(program, process.argv.slice(2));
// A reader that goes away (`arc watch | head -1`) ends the command; a hub goes on without its reader.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE' && command?.name() !== 'serve') process.exit(0);
});
if (command !== undefined) applySettings(command, argv);
await program.parseAsync(argv, { from: 'user' });
