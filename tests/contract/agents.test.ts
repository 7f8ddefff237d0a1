import { cases } from './cases/agents.js';
import { prove } from './harness/contract.js';

prove('agents and sessions', cases);
