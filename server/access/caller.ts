import type { Role } from '../../protocol/index.js';

/** Ways into the hub. */
export type DoorName = 'websocket' | 'http' | 'mcp' | 'relay' | 'arcp' | 'local';

/** Names that a caller may act as. */
export interface NameSet {
  has(name: string): boolean;
  /** The one name that it stands for, which is filled in where a call names nobody; undefined when there are several. */
  readonly only: string | undefined;
}

/** Who asks: found out once by the door, and asked about by `authorize` alone. */
export interface Caller {
  readonly door: DoorName;
  readonly role: Role;
  /** Undefined: any name. */
  readonly names: NameSet | undefined;
}

/** Whoever reaches an open hub without saying who they are: as in Arc v1, every name and everything. */
export const anybody = (door: DoorName): Caller => ({ door, role: 'operator', names: undefined });

/** An agent that speaks for itself alone, as the relay's folders do where they are bound. */
export const speakingFor = (door: DoorName, names: NameSet): Caller => ({ door, role: 'agent', names });
