/** Who a caller is, by what it shows at a door (identity §1, §2). */
import { HubError, holdsToken, TOKEN_SUBPROTOCOL } from '../../protocol/index.js';
import { anybody, type Caller, type DoorName, holderOf } from './caller.js';
import type { TokenRegistry } from './token-registry.js';

export type AuthMode = 'open' | 'required';

/** What a request shows: the headers that may carry a token, and the address that must not. */
export interface Shown {
  readonly url?: string | undefined;
  readonly headers: {
    readonly authorization?: string | undefined;
    readonly 'sec-websocket-protocol'?: string | undefined;
  };
}

/** Told of everybody who is not let in, and asked before a token is looked at. */
export interface Attempts {
  /** @throws {HubError} `rate_limited` */
  mayTry(address: string): void;
  failed(address: string, door: DoorName): void;
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
  callerOf(door: DoorName, address: string, { url = '', headers }: Shown): Caller {
    if (holdsToken(url)) {
      throw new HubError('bad_request', 'a token does not belong into the address: send it as Authorization: Bearer …');
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
      this.#attempts.failed(address, door);
      throw cause;
    }
  }
}

const NEEDED =
  'this hub needs a token (Authorization: Bearer …): its operator makes one with `arc token issue`, or with `arc invite` for another machine';

/** Other schemes than Bearer are not ours. */
const tokenIn = (header: string | undefined) => /^bearer +(.*)$/i.exec(header ?? '')?.[1]?.trim();

/** For clients that cannot set headers (websocket §1). */
const tokenOffered = (header: string | undefined) =>
  header
    ?.split(',')
    .map((name) => name.trim())
    .find((name) => name.startsWith(TOKEN_SUBPROTOCOL))
    ?.slice(TOKEN_SUBPROTOCOL.length);
