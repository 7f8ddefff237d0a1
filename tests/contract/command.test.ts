import { cases } from './cases/command.js';
import { prove } from './harness/contract.js';

prove('the arc command', cases);
