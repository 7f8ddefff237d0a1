import { rules as agents } from './agents.js';
import { rules as calls } from './calls.js';
import { rules as command } from './command.js';
import { rules as errors } from './errors.js';
import { rules as http } from './http.js';
import { rules as messages } from './messages.js';
import { rules as shutdown } from './shutdown.js';
import { rules as waits } from './waits.js';
import { rules as websocket } from './websocket.js';
import { rules as work } from './work.js';

/** Every rule of the contract, in our words: arc-v1 §2–§6, §8 and what §12 puts right; websocket §1–§7, §10, §12. */
export const RULES = [
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
