/** Agents under the names that ARCP clients know them by (arcp §D.3). */
import { capabilitiesOf, type Hub } from '../../domain/hub.js';
import type { SessionRow } from '../../domain/rows.js';
import { storedValue } from '../../json.js';

export interface Listed {
  readonly name: string;
  readonly versions: readonly string[];
}

/** Agents that a name is kept for across restarts. */
const MAX_KNOWN = 10_000;

interface Known {
  readonly agent_id: string;
  versions: readonly string[];
  capabilities: readonly string[];
  live: boolean;
}

export class Directory {
  readonly #byAgent = new Map<string, Known>();
  readonly #byAlias = new Map<string, Known>();
  readonly #aliases = new Map<string, string>();
  readonly #hub: Hub;

  constructor(hub: Hub) {
    this.#hub = hub;
  }

  async load(): Promise<void> {
    const { store } = this.#hub;
    // In the order in which they came, so that names that collide fall the same way after a restart.
    for (const row of (await store.latestSessions(MAX_KNOWN)).reverse()) this.take(row);
    for (const row of await store.activeSessions()) this.take(row);
  }

  /** A session as it is now. @returns whether its agent has just come */
  take(row: SessionRow): boolean {
    const before = this.#byAgent.get(row.agent_id);
    const known = before ?? this.#name(row.agent_id);
    const came = row.active !== 0 && !known.live;
    known.live = row.active !== 0;
    const { version, versions } = storedValue(row.metadata_json, '{}') as Record<string, unknown>;
    const listed = Array.isArray(versions) ? versions.filter((each) => typeof each === 'string') : [];
    known.versions = listed.length > 0 ? listed : [typeof version === 'string' ? version : '1'];
    known.capabilities = capabilitiesOf(row).filter((each) => typeof each === 'string');
    return came;
  }

  isLive(agentId: string): boolean {
    return this.#byAgent.get(agentId)?.live === true;
  }

  /** @returns the agent behind a name; undefined for a name that nobody has */
  async find(name: string): Promise<Known | undefined> {
    if (!name.startsWith('cap.')) return this.#byAlias.get(name) ?? this.#byAgent.get(name);
    const agent = await this.#hub.pickCapable(name.slice('cap.'.length)).catch(() => undefined);
    return agent === undefined ? undefined : this.#byAgent.get(agent);
  }

  aliasOf(agentId: string): string {
    return this.#aliases.get(agentId) ?? agentId;
  }

  list(): Listed[] {
    const live = [...this.#byAlias].filter(([, known]) => known.live);
    const capabilities = new Set(live.flatMap(([, known]) => known.capabilities.map((each) => `cap.${each}`)));
    return [
      ...live.map(([name, { versions }]) => ({ name, versions })),
      ...[...capabilities].map((name) => ({ name, versions: ['1'] })),
    ];
  }

  #name(agentId: string): Known {
    const plain = agentId.toLowerCase().replace(/[^a-z0-9._-]/g, '-');
    const base = /^[a-z]/.test(plain) ? plain : `a-${plain}`;
    let alias = base;
    for (let n = 2; this.#byAlias.has(alias); n++) alias = `${base}-${n}`;
    const known: Known = { agent_id: agentId, versions: ['1'], capabilities: [], live: false };
    this.#byAgent.set(agentId, known);
    this.#byAlias.set(alias, known);
    this.#aliases.set(agentId, alias);
    return known;
  }
}
