/** The asking side of ARCP, for any runtime and either generation (arcp §B, §C). */
import { isG2Code, isG2Type } from '../../protocol/arcp/g2.js';
import { HubError, isJsonObject, type JsonObject } from '../../protocol/index.js';
import { openSocket, type Socket } from '../websocket/socket.js';

const HANDSHAKE_MS = 10_000;
const PRINCIPAL = 'arc';

export type ArcpVersion = '1.0' | '1.1';

export interface ArcpFrame extends JsonObject {
  readonly id: string;
  readonly type: string;
  readonly payload: JsonObject;
}

export interface ArcpOptions {
  /** Goes into the handshake, never into the address. Undefined: for a runtime that asks for none. */
  readonly token?: string | undefined;
  readonly version?: ArcpVersion | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** The generation that knows a message: 1.1 for its own types, else 1.0. */
export const versionFor = (type: string): ArcpVersion => (isG2Type(type) ? '1.1' : '1.0');

export class ArcpClient {
  readonly version: ArcpVersion;
  readonly #frames: ArcpFrame[] = [];
  #socket: Socket | undefined;
  #sessionId: string | undefined;
  #wake: () => void = () => undefined;
  #closed: HubError | undefined;
  #count = 0;

  private constructor(version: ArcpVersion) {
    this.version = version;
  }

  /**
   * Connects and shakes hands.
   *
   * @param uri such as `ws://127.0.0.1:6969/arcp`
   * @throws {HubError} `unavailable`: nobody there. `unauthorized`, `bad_request`: what the runtime says of the handshake
   */
  static async connect(uri: string, { token, version = '1.1', signal }: ArcpOptions = {}): Promise<ArcpClient> {
    const client = new ArcpClient(version);
    const timeout = AbortSignal.timeout(HANDSHAKE_MS);
    const events = {
      onText: (text: string) => client.#take(text),
      onAlive: () => undefined,
      onClose: (code: number, reason: string) => client.#ended(code, reason),
    };
    const until = signal === undefined ? timeout : AbortSignal.any([signal, timeout]);
    client.#socket = await openSocket({ url: uri, access: { baseUrl: uri } }, [], events, until);
    try {
      await client.#shakeHands(token, until);
    } catch (cause) {
      client.close();
      throw cause;
    }
    return client;
  }

  /** @returns the id that it was sent under */
  send(type: string, payload: JsonObject, fields: JsonObject = {}): string {
    const id = `arc_${Date.now().toString(36)}_${++this.#count}`;
    const head = { arcp: this.version, id, type, ...(this.#sessionId && { session_id: this.#sessionId }) };
    const time = this.version === '1.0' ? { timestamp: new Date().toISOString() } : {};
    this.#socket?.send(JSON.stringify({ ...head, ...time, ...fields, payload }));
    return id;
  }

  /** All that the runtime says, in order, until the connection ends. */
  async *frames(signal: AbortSignal): AsyncGenerator<ArcpFrame, void, undefined> {
    for (;;) {
      const frame = this.#frames.shift();
      if (frame !== undefined) {
        yield frame;
        continue;
      }
      if (this.#closed !== undefined || signal.aborted) return;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
        signal.addEventListener('abort', () => resolve(), { once: true });
      });
    }
  }

  close(): void {
    this.#socket?.close(1000, 'done');
  }

  async #shakeHands(token: string | undefined, signal: AbortSignal): Promise<void> {
    const auth = token === undefined ? { scheme: 'none' } : { scheme: 'bearer', token };
    if (this.version === '1.0') {
      const client = { kind: 'arc', version: '1', principal: PRINCIPAL };
      this.send('session.open', {
        auth,
        client,
        capabilities: { streaming: true, durable_jobs: true, anonymous: true },
      });
    } else {
      const features = ['heartbeat', 'ack', 'list_jobs', 'subscribe', 'progress', 'agent_versions'];
      const client = { name: PRINCIPAL, version: '1', principal: PRINCIPAL };
      this.send('session.hello', { client, auth, capabilities: { encodings: ['json'], features } });
    }
    for await (const { type, payload, session_id } of this.frames(signal)) {
      if (type === 'session.accepted' || type === 'session.welcome') {
        this.#sessionId = String(session_id ?? payload.session_id);
        return;
      }
      if (type === 'session.rejected' || type === 'session.error') {
        const isUnknown = payload.code === 'UNAUTHENTICATED';
        const text = `${String(payload.code)}: ${String(payload.message)}`;
        throw new HubError(isUnknown ? 'unauthorized' : 'bad_request', text);
      }
    }
    throw this.#closed ?? new HubError('timeout', 'the runtime did not answer the handshake');
  }

  #take(text: string): void {
    let frame: unknown;
    try {
      frame = JSON.parse(text);
    } catch {
      return;
    }
    if (!isJsonObject(frame) || typeof frame.type !== 'string' || !isJsonObject(frame.payload)) return;
    if (frame.type === 'session.ping') {
      this.send('session.pong', { ping_nonce: frame.payload.nonce, received_at: new Date().toISOString() });
      return;
    }
    this.#frames.push(frame as ArcpFrame);
    this.#wake();
  }

  #ended(code: number, reason: string): void {
    this.#closed = new HubError('unavailable', `the connection was closed: ${code} ${reason}`);
    this.#wake();
  }
}

const TERMINAL: ReadonlySet<string> = new Set([
  'job.result',
  'job.error',
  'job.completed',
  'job.failed',
  'job.cancelled',
]);

/** Whether nothing more comes of a job after it. */
export const isTerminal = ({ type }: ArcpFrame): boolean => TERMINAL.has(type);

/** Whether it says that something was refused or has failed. */
export const isFailure = ({ type, payload }: ArcpFrame): boolean =>
  ['nack', 'session.error', 'job.error', 'job.failed', 'job.cancelled'].includes(type) ||
  (typeof payload.code === 'string' && isG2Code(payload.code));

/** Whether it is an answer to the message with that id, in either generation. */
export function answers({ type, correlation_id, payload }: ArcpFrame, id: string): boolean {
  return correlation_id === id || payload.request_id === id || payload.ack_for === id || type === 'session.pong';
}
