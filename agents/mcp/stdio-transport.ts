import type { Readable, Writable } from 'node:stream';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import { type JSONRPCMessage, JSONRPCMessageSchema } from '@modelcontextprotocol/sdk/types.js';
import { HeaderFrames, LineFrames, type MessageFrames } from '../../base/framing.js';

/** How long calls that still run may take to answer when the input has ended. */
const FAREWELL_MS = 5_000;

interface Batch {
  readonly waiting: Set<string | number>;
  readonly answers: JSONRPCMessage[];
}

/**
 * MCP on standard input and output: one JSON text a line, as its specification has it. A peer whose first bytes are a
 * `Content-Length` header speaks the framing of Arc's own adapter, and is answered in it (arc-v1 §10.4).
 */
export class StdioTransport implements Transport {
  onclose?: () => void;
  onerror?: (error: Error) => void;
  onmessage?: Transport['onmessage'];
  /** Resolves when the transport is closed. */
  readonly closed: Promise<void>;
  readonly #input: Readable;
  readonly #output: Writable;
  readonly #running = new Set<string | number>();
  readonly #batches = new Set<Batch>();
  #resolveClosed: () => void = () => undefined;
  #head = Buffer.alloc(0);
  #frames: MessageFrames | undefined;
  #ended = false;
  #over = false;

  constructor(input: Readable, output: Writable) {
    this.#input = input;
    this.#output = output;
    this.closed = new Promise((resolve) => {
      this.#resolveClosed = resolve;
    });
  }

  async start(): Promise<void> {
    this.#input.on('data', (chunk: Buffer) => this.#received(chunk));
    this.#input.once('end', () => this.#inputEnded());
    this.#input.once('error', (error) => this.#fail(error));
    // A host that is gone ends it; there is nobody to answer.
    this.#output.once('error', () => void this.close());
  }

  async send(message: JSONRPCMessage): Promise<void> {
    const id = 'id' in message && !('method' in message) ? message.id : undefined;
    if (id === undefined) return this.#write(message);
    this.#running.delete(id);
    const batch = [...this.#batches].find(({ waiting }) => waiting.has(id));
    if (batch === undefined) this.#write(message);
    else this.#answerInBatch(batch, id, message);
    if (this.#ended && this.#running.size === 0) await this.close();
  }

  async close(): Promise<void> {
    if (this.#over) return;
    this.#over = true;
    this.#input.removeAllListeners('data').pause();
    this.onclose?.();
    this.#resolveClosed();
  }

  #received(chunk: Buffer): void {
    if (this.#frames === undefined) {
      this.#head = Buffer.concat([this.#head, chunk]);
      const first = this.#head.toString('latin1').trimStart();
      if (first === '') return;
      // A JSON text never begins with a letter C.
      this.#frames = /^c/i.test(first) ? new HeaderFrames() : new LineFrames();
      chunk = this.#head;
    }
    try {
      for (const text of this.#frames.push(chunk)) this.#handle(text);
    } catch (cause) {
      this.#fail(cause instanceof Error ? cause : new Error(String(cause)));
    }
  }

  #handle(text: string): void {
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {
      this.#refuse(-32700, 'parse error: not JSON');
      return;
    }
    if (!Array.isArray(value)) {
      this.#dispatch(value);
      return;
    }
    if (value.length === 0) this.#refuse(-32600, 'invalid request: an empty batch');
    const ids = value.map(idOf).filter((id) => id !== undefined);
    if (ids.length > 0) this.#batches.add({ waiting: new Set(ids), answers: [] });
    for (const item of value) this.#dispatch(item);
  }

  #dispatch(value: unknown): void {
    const message = JSONRPCMessageSchema.safeParse(value);
    if (!message.success) {
      const id = idOf(value);
      this.#refuse(-32600, 'invalid request: no JSON-RPC 2.0 message', id);
      return;
    }
    const id = idOf(message.data);
    if (id !== undefined) this.#running.add(id);
    // A cancelled request is not answered.
    const { method, params } = message.data as { method?: string; params?: { requestId?: string | number } };
    this.onmessage?.(message.data);
    if (method === 'notifications/cancelled' && params?.requestId !== undefined) this.#forget(params.requestId);
  }

  #forget(id: string | number): void {
    this.#running.delete(id);
    for (const batch of this.#batches) {
      batch.waiting.delete(id);
      this.#finishBatch(batch);
    }
  }

  #answerInBatch(batch: Batch, id: string | number, message: JSONRPCMessage): void {
    batch.waiting.delete(id);
    batch.answers.push(message);
    this.#finishBatch(batch);
  }

  #finishBatch(batch: Batch): void {
    if (batch.waiting.size > 0) return;
    this.#batches.delete(batch);
    if (batch.answers.length > 0) this.#write(batch.answers);
  }

  #refuse(code: number, message: string, id?: string | number): void {
    const error = { jsonrpc: '2.0', id: id ?? null, error: { code, message } };
    const batch = id === undefined ? undefined : [...this.#batches].find(({ waiting }) => waiting.has(id));
    if (batch === undefined || id === undefined) this.#write(error);
    else this.#answerInBatch(batch, id, error as unknown as JSONRPCMessage);
  }

  #write(value: unknown): void {
    const frames = this.#frames ?? new LineFrames();
    if (!this.#over) this.#output.write(frames.encode(JSON.stringify(value)));
  }

  #inputEnded(): void {
    // The last line need not be ended.
    if (this.#frames instanceof LineFrames) this.#received(Buffer.from('\n'));
    this.#ended = true;
    if (this.#running.size === 0) void this.close();
    else setTimeout(() => void this.close(), FAREWELL_MS).unref();
  }

  #fail(error: Error): void {
    this.onerror?.(error);
    void this.close();
  }
}

/** Id of a request; undefined for anything else. */
function idOf(value: unknown): string | number | undefined {
  if (typeof value !== 'object' || value === null || !('id' in value) || !('method' in value)) return undefined;
  const { id } = value;
  return typeof id === 'string' || typeof id === 'number' ? id : undefined;
}
