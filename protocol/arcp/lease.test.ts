import { describe, expect, it } from 'vitest';
import {
  budgetOf,
  canonical,
  covers,
  expiryProblem,
  leaseProblem,
  leaseRefusal,
  matchesGlob,
  subsetProblem,
} from './lease.js';

describe('patterns of a lease (arcp §C.6, E 113)', () => {
  it.each([
    ['/a/*', '/a/b', true],
    ['/a/*', '/a/b/c', false],
    ['/a/**', '/a/b/c', true],
    ['/a', '/ab', false],
    ['/a/*', '/a/../etc', false],
    ['/a/b', '/a//b', true],
    ['/a/b', '/a/./b', true],
    ['HTTPS://x.org/*', 'https://x.org/p', true],
    ['a.b', 'axb', false],
    ['lint.*', 'lint.run', true],
  ])('%s of %s: %s', (pattern, target, expected) => {
    expect(matchesGlob(pattern, target)).toBe(expected);
  });

  it.each([
    ['/a/**', '/a/*', true],
    ['/a/*', '/a/**', false],
    ['/a/*', '/a/b', true],
    ['/a/**', '/a', false],
    ['/a/b', '/a/*', false],
    ['/a/*', '/a/b/c', false],
    ['**', '/x/y', true],
    ['/a/**', '/a/../b', false],
  ])('%s covers %s: %s', (parent, child, expected) => {
    expect(covers(parent, child)).toBe(expected);
  });

  it('reads a path as what it leads to', () => {
    expect(canonical('/a/./b//c/../d')).toBe('/a/b/d');
  });
});

describe('leases (arcp §C.6, E 112, 116, 117)', () => {
  const nowMs = Date.parse('2026-06-01T10:00:00Z');
  const held = { lease: { 'tool.call': ['lint.*'] }, expires_at: '2026-06-01T11:00:00Z', budget: { USD: 1 } };

  it('names what is wrong with a request', () => {
    expect(leaseProblem({ 'tool.call': ['*'], 'x-vendor.acme.gpu': [] })).toBeUndefined();
    expect(leaseProblem({ frob: [] })).toContain('frob');
    expect(leaseProblem({ 'cost.budget': ['five'] })).toContain('five');
    expect(expiryProblem('2026-06-01T10:00:00+02:00', nowMs)).toContain('Z');
    expect(expiryProblem('2026-06-01T09:00:00Z', nowMs)).toContain('future');
    expect(expiryProblem('2026-06-01T11:00:00Z', nowMs)).toBeUndefined();
  });

  it('adds entries of one currency', () => {
    expect(budgetOf({ 'cost.budget': ['USD:1.50', 'USD:0.5', 'credits:10'] })).toEqual({ USD: 2, credits: 10 });
  });

  it('looks at the expiry, then at the budget, then at the pattern', () => {
    expect(leaseRefusal(held, 'tool.call', 'lint.run', nowMs)).toBeUndefined();
    expect(leaseRefusal(held, 'tool.call', 'rm', nowMs)).toBe('PERMISSION_DENIED');
    expect(leaseRefusal({ ...held, budget: { USD: 0 } }, 'tool.call', 'rm', nowMs)).toBe('BUDGET_EXHAUSTED');
    expect(leaseRefusal({ ...held, budget: { USD: 0 } }, 'tool.call', 'rm', nowMs + 3_600_000)).toBe('LEASE_EXPIRED');
    expect(leaseRefusal(held, 'model.use', 'any', nowMs)).toBeUndefined();
  });

  it('refuses a child what its parent has not', () => {
    expect(subsetProblem(held, { 'tool.call': ['lint.run'] }, undefined)).toBeUndefined();
    expect(subsetProblem(held, { 'fs.read': ['/a'] }, undefined)).toContain('fs.read');
    expect(subsetProblem(held, { 'tool.call': ['*'] }, undefined)).toContain('tool.call');
    expect(subsetProblem(held, { 'cost.budget': ['USD:2'] }, undefined)).toContain('USD');
    expect(subsetProblem(held, {}, '2026-06-01T12:00:00Z')).toContain('later');
  });
});
