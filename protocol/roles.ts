/** What a caller may be, and what each may do (identity §4). */
export const ROLES = ['observer', 'agent', 'relay', 'operator'] as const;
export type Role = (typeof ROLES)[number];

/**
 * What an operation asks of its caller:
 * - `look`: rows that the caller may see; who acts, if anybody is named, must be one of its own names
 * - `act`: as one of its own names
 * - `measure`: counters of the hub, without content
 * - `operate`: steering the hub and others
 * - `keep`: tokens and audit; a caller that has said who it is, also where the hub is open
 */
export type Access = 'look' | 'act' | 'measure' | 'operate' | 'keep';

/** The one table of roles. A cell that is missing is a refusal. */
export const MAY: Readonly<Record<Access, readonly Role[]>> = {
  look: ['observer', 'agent', 'relay', 'operator'],
  act: ['agent', 'relay', 'operator'],
  measure: ['observer', 'agent', 'operator'],
  operate: ['operator'],
  keep: ['operator'],
};
