import { cases } from './cases/shutdown.js';
import { prove } from './harness/contract.js';

prove('shutdown', cases, { together: true });
