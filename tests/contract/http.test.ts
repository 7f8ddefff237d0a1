import { cases } from './cases/http.js';
import { prove } from './harness/contract.js';

prove('the HTTP door', cases);
