import { cases } from './cases/errors.js';
import { prove } from './harness/contract.js';

prove('errors', cases);
