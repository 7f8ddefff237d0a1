import { HubError, isJsonObject } from '../../../protocol/index.js';
import { parseJson } from '../../json.js';

/** From the members of the body: a number in a field of text keeps its form (arc-v1 §2.5). */
const EXACT_FROM = 1;

/** @throws {HubError} `parse_error`, `bad_request` */
export function parseBody(text: string, maxDepth: number): Record<string, unknown> {
  const value = parseJson(text, maxDepth, EXACT_FROM);
  if (!isJsonObject(value)) throw new HubError('bad_request', 'request body must be a JSON object');
  return value;
}
