import type { IncomingMessage, ServerResponse } from 'node:http';
import { onAbort } from '../../../base/abort.js';
import { HubError, type Operations, type ParsedOf } from '../../../protocol/index.js';
import { type Guards, isStrangerTo } from '../../access/authorize.js';
import type { Caller } from '../../access/caller.js';
import { viewerOf } from '../../access/visibility.js';
import { EVERY, type Interest } from '../../domain/audience.js';
import type { PublishedMessage } from '../../domain/feed.js';
import { interestOf, matches } from '../../domain/filter.js';
import type { Hub } from '../../domain/hub.js';
import { Outbox } from '../../domain/outbox.js';
import { coerce } from '../rest/coerce.js';

const HEARTBEAT_MS = 15_000;

const frame = (json: string, id: number) => Buffer.from(`id: ${id}\ndata: ${json}\n\n`);

interface Stream {
  readonly outbox: Outbox;
  readonly agentId: string | undefined;
  readonly caller: Caller;
  /** At once, whatever is queued. */
  cut(): void;
  /** Once what is queued was taken; nothing more is queued. */
  end(): void;
}

type StreamRequest = ParsedOf<Operations['events.stream']>;

/** Server-sent events: the REST way to be pushed to (arc-v1 §6.2). */
export class EventStreams {
  readonly #hub: Hub;
  readonly #highWaterBytes: number;
  readonly #stallMs: number;
  readonly #open = new Set<Stream>();

  constructor(hub: Hub, settings: { high_water_bytes: number; stall_sec: number }) {
    this.#hub = hub;
    this.#highWaterBytes = settings.high_water_bytes;
    this.#stallMs = settings.stall_sec * 1_000;
  }

  get count(): number {
    return this.#open.size;
  }

  lag(): number {
    let lowest = this.#hub.store.latestId();
    for (const { outbox } of this.#open) lowest = Math.min(lowest, outbox.position);
    return this.#hub.store.latestId() - lowest;
  }

  /** @throws {HubError} before the stream begins */
  serve(
    req: IncomingMessage,
    res: ServerResponse,
    { agent_id: agentId, since_id, channels: named, exclude_self }: StreamRequest,
    extra: Record<string, string>,
    caller: Caller,
    ended: () => void,
  ): void {
    // A reconnecting EventSource repeats its old URL and says in the header how far it has come.
    const sinceId = Math.max(since_id, lastEventId(req.headers['last-event-id']));
    const channels = named && new Set(named);
    const viewer = viewerOf(caller, agentId);
    const filter = {
      viewer,
      channels: caller.channels && [...caller.channels],
      exclude_from: exclude_self ? agentId : undefined,
    };
    if (this.#open.size >= this.#hub.settings.max_waiters) {
      throw new HubError('rate_limited', 'too many open streams', { retry_after_sec: 1 });
    }
    res.writeHead(200, {
      'Content-Type': 'text/event-stream',
      'Cache-Control': 'no-cache',
      Connection: 'keep-alive',
      'X-Arc-Instance': this.#hub.store.instance_id,
      ...extra,
    });
    res.flushHeaders();
    const outbox = new Outbox(
      this.#hub.store,
      {
        wants: ({ row }) => matches(filter, row) && (channels === undefined || channels.has(row.channel)),
        narrow: () => ({}),
        send: (message: PublishedMessage) => {
          this.#hub.pushes.add(1);
          res.write(message.frame(frame));
        },
        writable: () => res.writableLength < this.#highWaterBytes,
        failed: () => res.destroy(),
      },
      sinceId,
    );
    const interest: Interest = { ...interestOf(filter), channels: named ?? [EVERY] };
    this.#keep(res, outbox, viewer, this.#hub.feed.follow(interest, outbox), caller);
    res.on('close', ended);
    outbox.start();
  }

  /** Cuts off whoever reads for a name that now has a token, and has shown none. */
  guard(guarded: Guards): void {
    for (const { agentId, caller, cut } of this.#open) if (isStrangerTo(agentId, caller, guarded)) cut();
  }

  close(): void {
    for (const { end } of this.#open) end();
  }

  #keep(res: ServerResponse, outbox: Outbox, agentId: string | undefined, unfollow: () => void, caller: Caller): void {
    const forget = onAbort(caller.grant?.ended, () => res.destroy());
    const release = agentId === undefined ? () => undefined : this.#hub.presence.hold(agentId);
    const disinterest = this.#hub.feed.interest();
    let lastDrainMs = Date.now();
    // A comment finds dead peers and keeps proxies from closing; a peer that takes nothing is let go.
    const heartbeat = setInterval(() => {
      if (res.writableLength === 0) lastDrainMs = Date.now();
      if (Date.now() - lastDrainMs > this.#stallMs) res.destroy();
      else if (res.writableLength < this.#highWaterBytes) res.write(': heartbeat\n\n');
    }, HEARTBEAT_MS);
    heartbeat.unref();
    // What is queued for a peer that is gone fails; the process must not end by it.
    res.on('error', () => undefined);
    const quiet = () => {
      clearInterval(heartbeat);
      outbox.close();
      unfollow();
    };
    const end = () => {
      quiet();
      res.end();
    };
    const stream = { outbox, agentId, caller, cut: () => res.destroy(), end };
    this.#open.add(stream);
    res.on('drain', () => {
      lastDrainMs = Date.now();
      outbox.drained();
    });
    res.on('close', () => {
      quiet();
      this.#open.delete(stream);
      disinterest();
      release();
      forget();
    });
  }
}

function lastEventId(header: string | string[] | undefined): number {
  if (!header) return 0;
  const since = coerce('since_id', 'integer', String(header)) as number;
  if (Number.isNaN(since)) throw new HubError('bad_request', 'since_id must be an integer');
  if (since < 0) throw new HubError('bad_request', 'since_id must be >= 0');
  return since;
}
