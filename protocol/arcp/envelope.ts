/** What both generations of ARCP share: a JSON object a frame, told apart by the first one (arcp §A.3). */
import { isJsonObject, type JsonObject } from '../json.js';

export const ARCP_PATH = '/arcp';
export const ARCP_SUBPROTOCOL = 'arcp';
export const MAX_ID_CHARS = 200;

/** `g1`: generation 1.0; `g2`: generation 1.1 (arcp §A.2). */
export type Generation = 'g1' | 'g2';

/** An envelope as it came, of which only the shape has been looked at. */
export interface Inbound {
  readonly arcp: unknown;
  readonly id: string;
  readonly type: string;
  readonly payload: JsonObject;
  readonly raw: JsonObject;
}

export type Detected =
  | { readonly kind: 'g1' | 'g2'; readonly version: string; readonly legacy: boolean }
  /** Spoken before a handshake, in the words of 1.0: it is told so, and the socket stays. */
  | { readonly kind: 'early' }
  | { readonly kind: 'drop' }
  | { readonly kind: 'version' };

const MAJOR_ONE = /^1(\.\d+)?$/;
/** Spoken by 1.0 alone, besides `session.open`. */
const G1_LOOK = /^(ping|cancel|resume|interrupt|subscribe|tool\.|human\.|permission\.|lease\.|artifact\.|stream\.)/;

/** Which generation the first frame of a socket speaks; fixed for the life of the socket (arcp §A.3). */
export function detect({ arcp, type }: Pick<Inbound, 'arcp' | 'type'>): Detected {
  if (typeof arcp !== 'string' || !MAJOR_ONE.test(arcp)) return { kind: 'version' };
  if (type === 'session.open') return { kind: 'g1', version: arcp === '1.1' ? arcp : '1.0', legacy: false };
  if (type === 'session.hello') return { kind: 'g2', version: arcp, legacy: arcp !== '1.1' };
  if (type === 'session.resume' && arcp === '1.1') return { kind: 'g2', version: arcp, legacy: false };
  return G1_LOOK.test(type) ? { kind: 'early' } : { kind: 'drop' };
}

/** Undefined for what is no envelope. `id` is empty where none could be read. */
export function readEnvelope(value: unknown): Inbound | undefined {
  if (!isJsonObject(value)) return undefined;
  const { arcp, id, type, payload } = value;
  if (typeof type !== 'string' || type === '' || (payload !== undefined && !isJsonObject(payload))) return undefined;
  if (typeof id !== 'string' || id === '' || id.length > MAX_ID_CHARS) return undefined;
  return { arcp, id, type, payload: payload ?? {}, raw: value };
}

/** The id of something that is no envelope otherwise, to answer it. */
export function idIn(value: unknown): string | undefined {
  const id = isJsonObject(value) ? value.id : undefined;
  return typeof id === 'string' && id !== '' && id.length <= MAX_ID_CHARS ? id : undefined;
}

/** The text under a name, where it is one. */
export function textIn(object: JsonObject, name: string): string | undefined {
  const value = object[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
}
