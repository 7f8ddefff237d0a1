/** Capability leases of generation 1.1: shape, matching, budgets, and what a child may have of its parent's (arcp §C.6). */
import type { Lease } from './g2.js';

const NAMESPACES: ReadonlySet<string> = new Set([
  'fs.read',
  'fs.write',
  'net.fetch',
  'tool.call',
  'agent.delegate',
  'cost.budget',
  'model.use',
]);
const AMOUNT = /^([A-Za-z][A-Za-z0-9_-]*):(\d+(?:\.\d+)?)$/;
export type Budget = Record<string, number>;

/** What is wrong with a lease request, in words that name the entry; undefined when nothing is. */
export function leaseProblem(lease: Lease): string | undefined {
  for (const [capability, patterns] of Object.entries(lease)) {
    if (!NAMESPACES.has(capability) && !/^x-vendor\.[^.]+\..+/.test(capability)) {
      return `lease_request: unknown capability ${capability}`;
    }
    const bad = capability === 'cost.budget' ? patterns.find((amount) => !AMOUNT.test(amount)) : undefined;
    if (bad !== undefined) return `lease_request: cost.budget must be currency:decimal, not ${bad}`;
  }
  return undefined;
}

/** One counter a currency; repeated entries add up. */
export function budgetOf(lease: Lease): Budget {
  const budget: Budget = {};
  for (const amount of lease['cost.budget'] ?? []) {
    const [, currency, value] = AMOUNT.exec(amount) ?? [];
    if (currency !== undefined) budget[currency] = (budget[currency] ?? 0) + Number(value);
  }
  return budget;
}

/** What is wrong with an expiry: it is UTC with `Z`, and lies ahead by no less than a second's grace. */
export function expiryProblem(expires_at: string, nowMs: number): string | undefined {
  const isUtc = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/.test(expires_at) && !Number.isNaN(Date.parse(expires_at));
  if (!isUtc) return 'lease_constraints.expires_at must be ISO 8601 in UTC, ending in Z';
  return Date.parse(expires_at) <= nowMs - 1_000 ? 'lease_constraints.expires_at must lie in the future' : undefined;
}

/** A target in the form that patterns are held against: dots and doubled slashes resolved, the scheme in lower case. */
export function canonical(target: string): string {
  const [, scheme = '', rest = target] = /^([A-Za-z][A-Za-z0-9+.-]*:\/\/)(.*)$/s.exec(target) ?? [];
  const parts: string[] = [];
  for (const part of rest.split('/')) {
    if (part === '' || part === '.') continue;
    if (part === '..') parts.pop();
    else parts.push(part);
  }
  return scheme.toLowerCase() + (scheme === '' && rest.startsWith('/') ? '/' : '') + parts.join('/');
}

/** Anchored: `*` stands within one segment, `**` across them, all else for itself. */
export function matchesGlob(pattern: string, target: string): boolean {
  const source = canonical(pattern)
    .split(/(\*\*|\*)/)
    .map((part) => (part === '**' ? '.*' : part === '*' ? '[^/]*' : part.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')))
    .join('');
  return new RegExp(`^${source}$`, 's').test(canonical(target));
}

/** Whether all that `child` matches is surely matched by `parent`: compared segment by segment, unprovable is no. */
export function covers(parent: string, child: string): boolean {
  const [above, below] = [canonical(parent).split('/'), canonical(child).split('/')];
  for (const [index, segment] of above.entries()) {
    if (segment === '**') {
      if (below.length <= index) return false;
      return index === above.length - 1 || covers(above.slice(index + 1).join('/'), below.at(-1) ?? '');
    }
    const other = below[index];
    if (other === undefined || other.includes('**')) return false;
    if (segment === other) continue;
    if (segment.includes('**') || !(other.includes('*') ? segment === '*' : matchesGlob(segment, other))) return false;
  }
  return above.length === below.length;
}

export interface Held {
  readonly lease: Lease;
  readonly expires_at: string | null;
  readonly budget: Budget;
}

/** Why a child may not have what it asks of its parent's lease; undefined when it may (arcp §C.7). */
export function subsetProblem(parent: Held, child: Lease, childExpiresAt: string | undefined): string | undefined {
  for (const [capability, patterns] of Object.entries(child)) {
    if (capability === 'cost.budget') continue;
    const allowed = parent.lease[capability];
    if (allowed === undefined) return `the parent has no ${capability}`;
    const wider = patterns.find((pattern) => !allowed.some((each) => covers(each, pattern)));
    if (wider !== undefined) return `${capability} ${wider} goes beyond the parent's`;
  }
  for (const [currency, amount] of Object.entries(budgetOf(child))) {
    const rest = parent.budget[currency];
    if (rest === undefined || amount > rest)
      return `cost.budget ${currency}:${amount} is more than the parent has left`;
  }
  if (parent.expires_at !== null && childExpiresAt !== undefined) {
    if (Date.parse(childExpiresAt) > Date.parse(parent.expires_at)) return 'expires_at is later than the parent’s';
  }
  return undefined;
}

export type LeaseRefusal = 'LEASE_EXPIRED' | 'BUDGET_EXHAUSTED' | 'PERMISSION_DENIED';
const SPENDING: ReadonlySet<string> = new Set(['tool.call', 'fs.read', 'fs.write', 'net.fetch', 'agent.delegate']);

/** Whether an operation is within a lease: expiry, then budget, then pattern. A lease that names nothing binds nothing. */
export function leaseRefusal(held: Held, capability: string, target: string, nowMs: number): LeaseRefusal | undefined {
  if (held.expires_at !== null && Date.parse(held.expires_at) <= nowMs) return 'LEASE_EXPIRED';
  if (SPENDING.has(capability) && Object.values(held.budget).some((rest) => rest <= 0)) return 'BUDGET_EXHAUSTED';
  const patterns = held.lease[capability];
  if (patterns === undefined) return capability === 'model.use' ? undefined : 'PERMISSION_DENIED';
  return patterns.some((pattern) => matchesGlob(pattern, target)) ? undefined : 'PERMISSION_DENIED';
}
