/**
 * Beside Arc v1's own tables (`arc-v1.ts`) stands what is ours: further tables, indexes and triggers named `arc_hub_…`, with a version of their own. Triggers run inside other writers' SQLite,
 * so they use plain SQL that 3.35 knows; they are how counters stay right and changes are noticed whoever writes.
 */
import { hub } from './001-hub.js';
import { leases } from './002-leases.js';
import { tokens } from './003-tokens.js';
import { arcp } from './004-arcp.js';
import { search } from './005-search.js';

/** Numbered from 1; each runs once, in order, in the transaction that records its number. A new one is a file more. */
export const MIGRATIONS: readonly string[] = [hub, leases, tokens, arcp, search];
