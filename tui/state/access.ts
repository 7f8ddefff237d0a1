/** Who may speak, as far as the reader may know it. */
import type { AuditEntry, Token } from '../../protocol/index.js';
import type { State } from './state.js';

/** Lines of the audit that are kept. */
const AUDIT_LINES = 1_000;

export function withToken(state: State, token: Token): State {
  const { tokens } = state;
  if (tokens === undefined) return state;
  const isKnown = tokens.some(({ id }) => id === token.id);
  return {
    ...state,
    tokens: isKnown ? tokens.map((each) => (each.id === token.id ? token : each)) : [...tokens, token],
  };
}

/** A line that counts on takes the place of what it was. */
export function withAudit(state: State, lines: readonly AuditEntry[]): State {
  const byId = new Map([...state.audit, ...lines].map((each) => [each.id, each]));
  const sorted = [...byId.values()].sort((a, b) => a.id - b.id);
  // What was loaded on purpose stays; what only comes pushes the oldest out.
  const isOlder = (lines[0]?.id ?? 0) < (state.audit[0]?.id ?? 0);
  return { ...state, audit: isOlder ? sorted : sorted.slice(-Math.max(AUDIT_LINES, state.audit.length)) };
}

export type TokenState = 'good' | 'revoked' | 'expired';

export function tokenState({ revoked_at, expires_at }: Token, nowMs: number): TokenState {
  if (revoked_at !== null) return 'revoked';
  return expires_at !== null && Date.parse(expires_at) <= nowMs ? 'expired' : 'good';
}

/** Whether a good token stands for the name, so that whoever acts under it has shown one. */
export function isGuarded({ tokens = [], nowMs }: State, name: string): boolean {
  return tokens.some((token) => tokenState(token, nowMs) === 'good' && standFor(token.names, name));
}

/** No pattern stands for these. */
const RESERVED: readonly string[] = ['system', 'operator'];

function standFor(names: readonly string[], name: string): boolean {
  const normal = name.normalize('NFC');
  return names.some((each) => {
    const whole = each.normalize('NFC');
    if (!whole.endsWith('*')) return whole === normal;
    return !RESERVED.includes(normal) && normal.startsWith(whole.slice(0, -1));
  });
}

/** The name that the reader sees direct messages of: its own, where it is not the operator. */
export function ownName({ reading, self }: Pick<State, 'reading' | 'self'>): string | undefined {
  const names = reading?.names ?? [];
  if (standFor(names, self)) return self;
  const [only] = names;
  return names.length === 1 && only?.endsWith('*') === false ? only : undefined;
}

/** An operator sees all there is; so does everybody at an open hub, and at one that does not say. */
export const seesAll = ({ reading }: Pick<State, 'reading'>): boolean =>
  reading === undefined || reading.role === 'operator';

export const mayKeepTokens = ({ reading }: Pick<State, 'reading'>): boolean =>
  reading?.role === 'operator' && reading.verified;
