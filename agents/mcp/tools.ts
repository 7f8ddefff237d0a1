import { talkTools } from './talk-tools.js';
import type { Tool } from './tool.js';
import { workTools } from './work-tools.js';

/** Everything that a model can do at the hub, in the order in which it is listed. */
export const TOOLS: ReadonlyMap<string, Tool> = new Map([...talkTools, ...workTools].map((each) => [each.name, each]));
