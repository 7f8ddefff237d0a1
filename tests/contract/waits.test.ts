import { vi } from 'vitest';
import { cases } from './cases/waits.js';
import { prove } from './harness/contract.js';

vi.setConfig({ maxConcurrency: 50 });
prove('what takes time: leases, expiry, recovery', cases, { args: ['--presence-ttl-sec', '5'], together: true });
