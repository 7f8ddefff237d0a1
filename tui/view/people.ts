/** How agents, kinds and states are named and marked, the same in every pane. */

import { cut, hash, printable, width } from '../../base/terminal-text.js';
import { type Session, SYSTEM_AGENT } from '../../protocol/index.js';
import { type Line, type Span, span } from '../line.js';
import type { State } from '../state/state.js';
import { AGENT_COLORS, type Role } from '../theme.js';

export function agentRole(agent_id: string, self: string): Role {
  if (agent_id === self) return 'self';
  if (agent_id === SYSTEM_AGENT) return 'system';
  return `agent${hash(agent_id) % AGENT_COLORS}`;
}

type Names = Pick<State, 'agents' | 'self' | 'display_name'>;

/**
 * The id, which is what one writes to and which nobody can borrow; where there is room, the display name after it, if it is
 * another.
 */
export function agentSpans(agent_id: string, names: Names, columns = 40): Span[] {
  const role = agentRole(agent_id, names.self);
  const id = cut(printable(agent_id), columns);
  const display = printable(names.agents.get(agent_id)?.display_name ?? agent_id);
  const rest = columns - width(id) - 1;
  if (display === id || rest < Math.min(6, width(display))) return [span(id, role)];
  return [span(id, role), span(` ${cut(display, rest)}`, 'muted')];
}

export const agentName = (agent_id: string): string => printable(agent_id);

/** What a kind other than `chat` looks like beside the name: a word, so that colour is never alone. */
export const KIND_BADGES: Readonly<Record<string, { readonly text: string; readonly role: Role }>> = {
  notice: { text: 'notice', role: 'muted' },
  task: { text: 'task', role: 'accent' },
  task_request: { text: 'request', role: 'warn' },
  task_result: { text: 'result', role: 'good' },
  artifact: { text: 'artifact', role: 'name' },
  claim: { text: 'claim', role: 'number' },
  release: { text: 'release', role: 'number' },
};

export function kindBadge(kind: string): Line {
  if (kind === 'chat') return [];
  const badge = KIND_BADGES[kind];
  return [span(`[${badge?.text ?? printable(kind)}]`, badge?.role ?? 'muted')];
}

/** Claims and locks of an agent, by name. */
export function holdings({ claims, locks }: State, agent_id: string): string[] {
  const held: string[] = [];
  for (const { owner_agent_id, claim_key } of claims.values()) if (owner_agent_id === agent_id) held.push(claim_key);
  for (const lock of locks.values()) if (lock.agent_id === agent_id) held.push(lock.file_path);
  return held.map((name) => printable(name));
}

export function capabilitiesText({ capabilities }: Session): string {
  return capabilities.map((each) => printable(each)).join(', ');
}
