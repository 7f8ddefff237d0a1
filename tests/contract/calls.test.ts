import { cases } from './cases/calls.js';
import { prove } from './harness/contract.js';

prove('calls, keys and limits', cases);
