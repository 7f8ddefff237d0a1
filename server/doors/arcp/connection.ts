/** One WebSocket of an ARCP client: frames in order, one generation for its whole life (arcp §A.3, §A.6). */
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { RawData, WebSocket } from 'ws';
import { onAbort } from '../../../base/abort.js';
import type { Timer } from '../../../base/clock.js';
import { ulid } from '../../../base/ulid.js';
import { detect, type Inbound, idIn, readEnvelope } from '../../../protocol/arcp/envelope.js';
import { g1Error } from '../../../protocol/arcp/g1.js';
import { g2Error } from '../../../protocol/arcp/g2.js';
import type { Caller, CallerOf } from '../../access/caller.js';
import { type Desk, KEEP_SESSION_MS } from './desk.js';
import { G1Speaker } from './g1.js';
import { G2Speaker } from './g2.js';
import type { Speaker, Wire } from './speaker.js';

const HANDSHAKE_MS = 10_000;
const MAX_EARLY_BYTES = 65_536;
const MAX_EARLY_FRAMES = 8;
/** Frames of a connection that wait for the one before them; beyond it nothing is read. */
const MAX_QUEUED = 256;
const MAX_UNREADABLE = 20;
const MINUTE_MS = 60_000;
const HIGH_WATER_BYTES = 1_048_576;

export class ArcpConnection implements Wire {
  readonly desk: Desk;
  readonly #ws: WebSocket;
  readonly #socket: Socket;
  readonly #req: IncomingMessage;
  readonly #callerOf: CallerOf;
  readonly #timer: Timer;
  #speaker: Speaker | undefined;
  #isAccepted = false;
  #early = 0;
  #unreadable = { sinceMs: 0, count: 0 };
  #queued = 0;
  #work: Promise<void> = Promise.resolve();
  #forget: () => void = () => undefined;

  constructor(ws: WebSocket, socket: Socket, req: IncomingMessage, desk: Desk, callerOf: CallerOf) {
    this.desk = desk;
    this.#ws = ws;
    this.#socket = socket;
    this.#req = req;
    this.#callerOf = callerOf;
    this.#timer = desk.hub.clock.after(HANDSHAKE_MS, () => this.close(1008, 'no handshake'));
    ws.on('message', (data, isBinary) => this.#receive(data, isBinary));
    ws.on('error', () => undefined);
    ws.on('close', () => this.#closed());
    socket.on('drain', () => {
      if (ws.isPaused && this.#queued < MAX_QUEUED) ws.resume();
      void this.#speaker?.session?.pump(desk.hub.store);
    });
  }

  get writable(): boolean {
    return this.#ws.readyState === this.#ws.OPEN && this.#socket.writableLength < HIGH_WATER_BYTES;
  }
  send(frame: string): void {
    if (this.#ws.readyState === this.#ws.OPEN) this.#ws.send(frame);
  }
  close(code: number, reason: string): void {
    this.#ws.close(code, reason);
  }
  terminate(): void {
    this.#ws.terminate();
  }

  accepted(): void {
    this.#isAccepted = true;
    this.#timer.cancel();
    const ended = this.#speaker?.session?.caller?.grant?.ended;
    this.#forget = onAbort(ended, () => this.#speaker?.expelled());
  }

  authenticate(token: string | undefined): Caller {
    const { headers, socket, url } = this.#req;
    const shown = token === undefined || token === '' ? headers.authorization : `Bearer ${token}`;
    const { 'sec-websocket-protocol': _, authorization: __, ...others } = headers;
    // A request like the upgrade's, with the token of the handshake instead of its own.
    const req = { url, socket, headers: { ...others, ...(shown !== undefined && { authorization: shown }) } };
    return this.#callerOf('arcp', req as IncomingMessage);
  }

  tick(nowMs: number): void {
    this.#speaker?.tick(nowMs);
  }

  #receive(data: RawData, isBinary: boolean): void {
    if (isBinary) return;
    const bytes = data as Buffer;
    if (!this.#isAccepted && (bytes.length > MAX_EARLY_BYTES || ++this.#early > MAX_EARLY_FRAMES)) {
      this.close(1009, 'too much before the handshake');
      return;
    }
    if (++this.#queued >= MAX_QUEUED) this.#ws.pause();
    const value = parsed(bytes);
    this.#work = this.#work
      .then(() => this.#handle(value))
      .catch(() => this.close(1011, 'internal error'))
      .finally(() => {
        if (--this.#queued < MAX_QUEUED && this.#ws.isPaused && this.writable) this.#ws.resume();
      });
  }

  async #handle(value: unknown): Promise<void> {
    const envelope = readEnvelope(value);
    if (envelope === undefined) return this.#unread(value);
    this.#speaker ??= this.#speakerFor(envelope);
    await this.#speaker?.receive(envelope);
  }

  #unread(value: unknown): void {
    const nowMs = this.desk.hub.clock.nowMs();
    if (nowMs - this.#unreadable.sinceMs > MINUTE_MS) this.#unreadable = { sinceMs: nowMs, count: 0 };
    if (++this.#unreadable.count >= MAX_UNREADABLE) {
      this.close(1007, 'not ARCP');
      return;
    }
    const id = idIn(value);
    if (id !== undefined) this.#speaker?.malformed(id);
  }

  #speakerFor(envelope: Inbound): Speaker | undefined {
    const detected = detect(envelope);
    switch (detected.kind) {
      case 'g1':
        return new G1Speaker(this, detected.version);
      case 'g2':
        return new G2Speaker(this, detected.version, detected.legacy);
      case 'early': {
        const why = {
          code: 'UNAUTHENTICATED',
          message: 'session.open comes first',
          reason: 'session.open comes first',
        };
        this.#answer('1.0', 'session.unauthenticated', why, { correlation_id: envelope.id });
        return undefined;
      }
      case 'version':
        this.#refuseVersion(envelope);
        return undefined;
      case 'drop':
        return undefined;
    }
  }

  #refuseVersion({ type, id }: Inbound): void {
    const why = 'arcp must be 1.0 or 1.1';
    if (type === 'session.hello') {
      this.#answer('1.1', 'session.error', g2Error('INVALID_REQUEST', why), { session_id: 'sess_none' });
    } else {
      this.#answer('1.0', 'nack', { ...g1Error('UNIMPLEMENTED', why), ack_for: id }, { correlation_id: id });
    }
    this.close(1002, 'version');
  }

  #answer(arcp: string, type: string, payload: object, fields: object): void {
    const nowMs = this.desk.hub.clock.nowMs();
    const time = arcp === '1.1' ? {} : { timestamp: new Date(nowMs).toISOString() };
    this.send(JSON.stringify({ arcp, id: `msg_${ulid(nowMs)}`, type, ...time, ...fields, payload }));
  }

  #closed(): void {
    this.#timer.cancel();
    this.#forget();
    const session = this.#speaker?.session;
    const nowMs = this.desk.hub.clock.nowMs();
    if (session?.detach(this, nowMs)) {
      void this.desk.write({ records: [session.record(KEEP_SESSION_MS, nowMs)] }).catch(() => undefined);
    }
  }
}

function parsed(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    return undefined;
  }
}
