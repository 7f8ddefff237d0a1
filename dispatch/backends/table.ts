import { dispatchTypeOf } from '../personas/agent.js';
import { acpx } from './acpx.js';
import type { Backend } from './backend.js';
import { ollama } from './ollama.js';

/** All backends, in the order in which `arc ping` asks them. */
export const BACKENDS = { acpx, ollama } as const satisfies Record<string, Backend>;

export const backendFor = (model: string): Backend => BACKENDS[dispatchTypeOf(model)];
