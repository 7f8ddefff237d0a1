#!/usr/bin/env node
import { arrange } from './arguments.js';
import { buildProgram } from './program.js';
import { applySettings } from './settings.js';

// A reader that goes away (`arc watch | head -1`) ends the command; it is no failure of ours.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
});

const program = buildProgram();
const { command, argv } = arrange(program, process.argv.slice(2));
if (command !== undefined) applySettings(command, argv);
await program.parseAsync(argv, { from: 'user' });
