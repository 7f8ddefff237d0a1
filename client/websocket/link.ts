/**
 * One WebSocket connection that comes back: it is opened again after a loss, and calls that were not answered are sent
 * again on the new connection, in their first order. The owner greets each new connection before any call goes out.
 *
 * A call that is bound to one connection (`callOnce`: greeting, subscribing, probing) fails when that connection is lost;
 * every other call stays until it is answered, its time is up, or the link is closed. That is safe because writes carry
 * their idempotency key (websocket §7).
 */

import { onAbort } from '../../base/abort.js';
import type { BackOff } from '../../base/back-off.js';
import type { Clock, Timer } from '../../base/clock.js';
import { CLOSE_CODES, ERROR_CODES, HubError, mayReconnect, SUBPROTOCOL } from '../../protocol/index.js';
import { cancelled, clientClosed, connectionError, timedOut } from '../failures.js';
import type { StateChange, TransportCallOptions } from '../transport.js';
import { cancelFrame, readFrame, requestFrame } from './frames.js';
import type { Socket, SocketFactory, SocketTarget } from './socket.js';

/** The hub pings every 15 s by default; after this silence the client asks, and soon gives up. */
const SILENCE_MS = 20_000;
const PROBE_MS = 5_000;
/** A connection that lasted this long was good: the next loss starts the back-off afresh. */
const STEADY_MS = 5_000;
/** Reaching the hub and being greeted by it, together. */
const OPENING_MS = 15_000;

export interface LinkOwner {
  /** Called on each new connection; only `callOnce` works until it is done. A rejection ends this attempt. */
  greet(): Promise<void>;
  /** Greeted; calls that waited are on their way. */
  opened(): void;
  /** The connection is gone and will be made again. */
  lost(): void;
  notification(method: string, params: unknown, chars: number): void;
  changed(change: StateChange): void;
  /** Over for good. */
  ended(error: HubError | undefined): void;
}

export interface LinkOptions {
  /** Asked for each connection, since the way and the token may be other ones by then. */
  readonly target: () => Promise<SocketTarget>;
  readonly clock: Clock;
  readonly backOff: BackOff;
  readonly openSocket: SocketFactory;
  /** Whether a first attempt that fails is followed by others. */
  readonly persistent: boolean;
  /** Bytes that the hub takes in one frame; undefined before it has said so. */
  readonly frameCapBytes: () => number | undefined;
}

interface Call {
  readonly id: number;
  readonly frame: string;
  readonly once: boolean;
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: HubError) => void;
  /** The socket that it was sent on last. */
  sentOn: Socket | undefined;
}

const encoder = new TextEncoder();

export class Link {
  readonly #owner: LinkOwner;
  readonly #options: LinkOptions;
  readonly #calls = new Map<number, Call>();
  readonly #over = new AbortController();
  #socket: Socket | undefined;
  #open = false;
  #everOpen = false;
  #openedAtMs = 0;
  #heardAtMs = 0;
  #watch: Timer | undefined;
  #nextAttempt: Timer | undefined;
  #lastId = 0;
  #error: HubError | undefined;

  constructor(owner: LinkOwner, options: LinkOptions) {
    this.#owner = owner;
    this.#options = options;
  }

  get isOpen(): boolean {
    return this.#open;
  }

  get isOver(): boolean {
    return this.#over.signal.aborted;
  }

  start(): void {
    this.#owner.changed({ state: 'connecting' });
    void this.#connect();
  }

  /** Sends a call, and sends it again after each reconnect, until it is answered. See the head of this file. */
  call(name: string, params: unknown, options: TransportCallOptions): Promise<unknown> {
    return this.#call(name, params, options, false);
  }

  /** Sends a call on the present connection only; `unavailable` when there is none or it is lost before the answer. */
  callOnce(name: string, params: unknown, timeoutMs: number): Promise<unknown> {
    return this.#call(name, params, { timeoutMs }, true);
  }

  /** Drops the present connection and makes another. */
  reopen(): void {
    const socket = this.#socket;
    if (socket === undefined) return;
    this.#lose(socket, { error: connectionError('reopened') });
    socket.terminate();
  }

  /** Ends the link for good; `error` is what its calls and its owner get to know. */
  close(error?: HubError): void {
    if (this.isOver) return;
    this.#error = error;
    this.#over.abort(error ?? clientClosed());
    this.#nextAttempt?.cancel();
    const socket = this.#socket;
    this.#detach();
    socket?.close(1000, '');
    for (const call of [...this.#calls.values()]) call.reject(error ?? clientClosed());
    this.#owner.changed({ state: 'closed', error });
    this.#owner.ended(error);
  }

  #call(name: string, params: unknown, { timeoutMs, signal }: TransportCallOptions, once: boolean): Promise<unknown> {
    if (this.isOver) return Promise.reject(this.#error ?? clientClosed());
    if (signal?.aborted) return Promise.reject(cancelled(name, signal));
    const socket = this.#socket;
    if (once && socket === undefined) return Promise.reject(connectionError('not connected'));
    this.#lastId += 1;
    const id = this.#lastId;
    const frame = requestFrame(id, name, params);
    const capBytes = this.#options.frameCapBytes();
    if (capBytes !== undefined && exceeds(frame, capBytes)) {
      return Promise.reject(new HubError('too_large', 'request body exceeds max size'));
    }
    return new Promise((resolve, reject) => {
      const { clock } = this.#options;
      const settle = () => {
        timer.cancel();
        forget();
        this.#calls.delete(id);
      };
      const call: Call = {
        id,
        frame,
        once,
        resolve: (result) => {
          settle();
          resolve(result);
        },
        reject: (error) => {
          settle();
          reject(error);
        },
        sentOn: undefined,
      };
      const giveUp = (error: HubError) => {
        // A wait goes on at the hub unless it is told; other operations ignore this.
        if (call.sentOn !== undefined && call.sentOn === this.#socket) call.sentOn.send(cancelFrame(id));
        call.reject(error);
      };
      const timer = clock.after(timeoutMs, () => giveUp(timedOut(name, timeoutMs)));
      const forget = onAbort(signal, () => signal && giveUp(cancelled(name, signal)));
      this.#calls.set(id, call);
      if (socket !== undefined && (once || this.#open)) this.#send(call, socket);
    });
  }

  #send(call: Call, socket: Socket): void {
    call.sentOn = socket;
    socket.send(call.frame);
  }

  async #connect(): Promise<void> {
    const { clock, target, openSocket } = this.#options;
    const opening = new AbortController();
    const giveUp = () => opening.abort(new Error('gave up connecting'));
    const timer = clock.after(OPENING_MS, giveUp);
    const forget = onAbort(this.#over.signal, giveUp);
    let socket: Socket | undefined;
    try {
      const events = {
        onText: (text: string) => this.#heard(socket, text),
        onAlive: () => this.#heard(socket),
        onClose: (code: number, reason: string) => this.#closedBy(socket, code, reason),
      };
      socket = await openSocket(await target(), [SUBPROTOCOL], events, opening.signal);
      if (this.isOver) return socket.close(1000, '');
      this.#socket = socket;
      await this.#owner.greet();
      if (this.#socket === socket) this.#opened(socket);
    } catch (cause) {
      if (this.isOver) return;
      const error = cause instanceof HubError ? cause : connectionError(cause);
      // A socket that was lost while it was greeted has been seen to already.
      if (socket !== undefined && this.#socket !== socket) return;
      this.#detach();
      socket?.terminate();
      if (ERROR_CODES[error.code].retry || error.code === 'internal') this.#retry({ error });
      else this.close(error);
    } finally {
      timer.cancel();
      forget();
    }
  }

  #opened(socket: Socket): void {
    const { clock } = this.#options;
    this.#open = true;
    this.#everOpen = true;
    this.#openedAtMs = clock.monotonicMs();
    this.#heardAtMs = this.#openedAtMs;
    for (const call of [...this.#calls.values()]) if (call.sentOn !== socket) this.#send(call, socket);
    this.#listenFor(socket, SILENCE_MS);
    this.#owner.changed({ state: 'open' });
    // A listener may have closed the link.
    if (this.#socket === socket) this.#owner.opened();
  }

  #heard(socket: Socket | undefined, text?: string): void {
    if (socket === undefined || socket !== this.#socket) return;
    this.#heardAtMs = this.#options.clock.monotonicMs();
    if (text === undefined) return;
    for (const incoming of readFrame(text)) {
      if (incoming.kind === 'notification') this.#owner.notification(incoming.method, incoming.params, text.length);
      else if (incoming.kind === 'result') this.#calls.get(incoming.id)?.resolve(incoming.result);
      else if (incoming.id !== undefined) this.#calls.get(incoming.id)?.reject(incoming.error);
    }
  }

  #closedBy(socket: Socket | undefined, code: number, reason: string): void {
    if (socket === undefined || socket !== this.#socket) return;
    const error = closeError(code, reason);
    if (mayReconnect(code)) this.#lose(socket, { error, closeCode: code }, code === CLOSE_CODES.rate_limited.code);
    else this.close(error);
  }

  #lose(socket: Socket, why: { error: HubError; closeCode?: number }, patient = false): void {
    if (socket !== this.#socket) return;
    const wasOpen = this.#open;
    const { clock, backOff } = this.#options;
    if (wasOpen && clock.monotonicMs() - this.#openedAtMs >= STEADY_MS) backOff.reset();
    this.#detach();
    for (const call of [...this.#calls.values()]) if (call.once) call.reject(why.error);
    if (wasOpen) this.#owner.lost();
    this.#retry(why, patient);
  }

  #detach(): void {
    this.#watch?.cancel();
    this.#socket = undefined;
    this.#open = false;
  }

  #retry(why: { error: HubError; closeCode?: number }, patient = false): void {
    if (this.isOver) return;
    if (!this.#everOpen && !this.#options.persistent) {
      this.close(why.error);
      return;
    }
    const { clock, backOff } = this.#options;
    const delayMs = backOff.next(patient);
    this.#nextAttempt = clock.after(delayMs, () => void this.#connect());
    this.#owner.changed({ state: this.#everOpen ? 'reconnecting' : 'connecting', ...why, delayMs });
  }

  /** A peer that vanished sends no close frame; silence is all there is to see. */
  #listenFor(socket: Socket, delayMs: number): void {
    const { clock } = this.#options;
    this.#watch = clock.after(delayMs, () => {
      const leftMs = SILENCE_MS - (clock.monotonicMs() - this.#heardAtMs);
      if (leftMs > 0) return this.#listenFor(socket, leftMs);
      this.callOnce('hub.info', {}, PROBE_MS).then(
        () => {
          if (this.#socket === socket) this.#listenFor(socket, SILENCE_MS);
        },
        (cause: unknown) => {
          if (this.#socket !== socket) return;
          // Any answer but silence is a sign of life.
          if (cause instanceof HubError && cause.code !== 'timeout') this.#listenFor(socket, SILENCE_MS);
          else this.reopen();
        },
      );
    });
  }
}

function exceeds(text: string, capBytes: number): boolean {
  // A UTF-16 unit is at most three bytes of UTF-8, so most texts need no counting.
  return text.length * 3 > capBytes && (text.length > capBytes || encoder.encode(text).length > capBytes);
}

function closeError(code: number, reason: string): HubError {
  const { replaced, too_large, rate_limited, unauthorized } = CLOSE_CODES;
  const text = reason === '' ? `the connection ended with code ${code}` : reason;
  if (code === replaced.code) return new HubError('conflict', reason || replaced.reason, { close_code: code });
  if (code === unauthorized.code)
    return new HubError('unauthorized', reason || unauthorized.reason, { close_code: code });
  if (code === too_large.code) return new HubError('too_large', reason || too_large.reason, { close_code: code });
  if (code === rate_limited.code)
    return new HubError('rate_limited', reason || rate_limited.reason, { close_code: code });
  return new HubError('unavailable', `connection error: ${text}`, { close_code: code });
}
