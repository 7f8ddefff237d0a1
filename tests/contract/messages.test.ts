import { cases } from './cases/messages.js';
import { prove } from './harness/contract.js';

prove('messages', cases);
