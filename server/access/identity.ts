/** Who a caller is, by what it shows at a door (identity §1, §2). */
import { AS_AGENT_HEADER, HubError, holdsToken, TOKEN_SUBPROTOCOL } from '../../protocol/index.js';
import { anybody, type Caller, type DoorName, holderOf } from './caller.js';
import { Names, RESERVED } from './names.js';
import type { TokenRegistry } from './token-registry.js';

export type AuthMode = 'open' | 'required';

/** What a request shows: the headers that may carry a token or narrow it, and the address that must not. */
export interface Shown {
  readonly url?: string | undefined;
  /** Names and values in turn; of some headers `headers` has the first only. */
  readonly rawHeaders?: readonly string[];
  readonly headers: {
    readonly authorization?: string | undefined;
    readonly [AS_AGENT_HEADER]?: string | string[] | undefined;
    readonly 'sec-websocket-protocol'?: string | undefined;
  };
}

/** Told of everybody who is not let in, and asked before a token is looked at. */
export interface Attempts {
  /** @throws {HubError} `rate_limited` */
  mayTry(address: string): void;
  /** @param token_id of the token, where it was a good one once */
  failed(address: string, door: DoorName, token_id: string | undefined): void;
  /** Would be held to a name that it may not act as. */
  misnamed(caller: Caller, name: string): void;
  /** Came without a token where one is needed. */
  unnamed(address: string, door: DoorName): void;
}

export class Identity {
  readonly mode: AuthMode;
  readonly #tokens: TokenRegistry;
  readonly #attempts: Attempts;

  constructor(tokens: TokenRegistry, mode: AuthMode, attempts: Attempts) {
    this.#tokens = tokens;
    this.mode = mode;
    this.#attempts = attempts;
  }

  /**
   * A token that is shown is always checked, also where none is needed.
   *
   * @throws {HubError} `unauthorized`; `bad_request`: a token stands in the address, where logs and histories keep it
   */
  callerOf(door: DoorName, address: string, shown: Shown): Caller {
    const caller = this.#bearerOf(door, address, shown);
    const as = shown.headers[AS_AGENT_HEADER];
    return as === undefined ? caller : this.#narrowed(caller, String(as));
  }

  #bearerOf(door: DoorName, address: string, { url = '', headers, rawHeaders = [] }: Shown): Caller {
    if (holdsToken(url)) {
      throw new HubError('bad_request', 'a token does not belong into the address: send it as Authorization: Bearer …');
    }
    if (headers.authorization !== undefined && rawHeaders.filter(isAuthorization).length > 1) {
      throw new HubError('bad_request', 'Authorization must be given once');
    }
    const text = tokenIn(headers.authorization) ?? tokenOffered(headers['sec-websocket-protocol']);
    if (text === undefined) {
      if (this.mode === 'open') return anybody(door, address);
      this.#attempts.unnamed(address, door);
      throw new HubError('unauthorized', NEEDED);
    }
    this.#attempts.mayTry(address);
    try {
      return holderOf(this.#tokens.verify(text), door, address);
    } catch (cause) {
      this.#attempts.failed(address, door, HubError.from(cause).details?.token_id as string | undefined);
      throw cause;
    }
  }

  /**
   * The caller speaks for one of its names alone, as a relay does that serves many.
   *
   * @throws {HubError} `forbidden`: it is none of them
   */
  #narrowed(caller: Caller, shown: string): Caller {
    const name = decoded(shown);
    const { names, grant, role } = caller;
    if (grant === undefined) throw new HubError('bad_request', 'X-Arc-Agent narrows a token, and none was shown');
    // A pattern would be as good as all names that it stands for.
    const may = names?.has(name) !== false && !name.endsWith('*') && !RESERVED.includes(name);
    if (!may) {
      this.#attempts.misnamed(caller, name);
      throw new HubError('forbidden', `X-Arc-Agent ${name} is not a name that the caller may act as`);
    }
    return { ...caller, role: role === 'observer' ? role : 'agent', names: new Names([name]) };
  }
}

/** Names are sent percent-encoded, since a header holds no other letters. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new HubError('bad_request', 'X-Arc-Agent must be percent-encoded');
  }
}

const NEEDED =
  'this hub needs a token (Authorization: Bearer …): its operator makes one with `arc token issue`, or with `arc invite` for another machine';

/** Other schemes than Bearer are not ours, unless one of our tokens is in them: it is then a token in the wrong place. */
function tokenIn(header: string | undefined): string | undefined {
  if (header === undefined) return undefined;
  const [bearer, token = ''] = /^bearer(?:\s+(.*))?$/i.exec(header) ?? [];
  return bearer !== undefined ? token.trim() : holdsToken(header) ? header : undefined;
}

const isAuthorization = (text: string, index: number) => index % 2 === 0 && /^authorization$/i.test(text);

/** For clients that cannot set headers (websocket §1). */
const tokenOffered = (header: string | undefined) =>
  header
    ?.split(',')
    .map((name) => name.trim())
    .find((name) => name.startsWith(TOKEN_SUBPROTOCOL))
    ?.slice(TOKEN_SUBPROTOCOL.length);
