import { cases } from './cases/work.js';
import { prove } from './harness/contract.js';

prove('channels, leases, tasks, threads, the hub itself', cases);
