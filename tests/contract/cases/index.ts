import { cases as agents } from './agents.js';
import { cases as calls } from './calls.js';
import { cases as command } from './command.js';
import { cases as errors } from './errors.js';
import { cases as http } from './http.js';
import { cases as messages } from './messages.js';
import { cases as shutdown } from './shutdown.js';
import { cases as waits } from './waits.js';
import { cases as websocket } from './websocket.js';
import { cases as work } from './work.js';

/** The cases of each test file; none is ever skipped, so a case that is declared passes or the suite is red. */
export const CASES = [
  ...agents,
  ...calls,
  ...command,
  ...errors,
  ...http,
  ...messages,
  ...shutdown,
  ...waits,
  ...websocket,
  ...work,
];
