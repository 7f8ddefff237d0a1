import { onAbort } from '../../base/abort.js';
import {
  describeIssue,
  HubError,
  issueText,
  OPERATIONS,
  type Operation,
  type OperationName,
  type Operations,
  type ParsedOf,
  waitOf,
} from '../../protocol/index.js';
import type { Access } from '../access/access.js';
import type { AuditLog } from '../access/audit-log.js';
import { authorize, type Guards, mustStand, partyOf } from '../access/authorize.js';
import { type CallerLimits, type Held, roughBytes } from '../access/limits.js';
import type { PostMessage } from '../domain/commands/messages.js';
import type { Hub } from '../domain/hub.js';
import { Answer, type Call, type Context, type DoorStats, fingerprint, type Handler } from './context.js';
import { postOf } from './messages.js';

interface Row {
  operation: Operation;
  handler: Handler;
  schema: ReturnType<Operation['input']>;
}

/** The one way in: every door finds, parses and runs operations here (STYLE of the house: door → operation → domain). */
export class Dispatcher {
  readonly #hub: Hub;
  readonly #doors: DoorStats;
  readonly #guards: Guards;
  readonly #audit: AuditLog;
  readonly #limits: CallerLimits;
  readonly #rows = new Map<string, Row>();

  constructor(
    hub: Hub,
    handlers: readonly Handler[],
    doors: DoorStats,
    access: Pick<Access, 'guards' | 'audit' | 'limits'>,
  ) {
    this.#hub = hub;
    this.#doors = doors;
    this.#guards = access.guards;
    this.#audit = access.audit;
    this.#limits = access.limits;
    for (const handler of handlers) {
      const operation: Operation = OPERATIONS[handler.name];
      this.#rows.set(handler.name, { operation, handler, schema: operation.input(hub.settings.limits) });
    }
  }

  has(name: string): name is OperationName {
    return this.#rows.has(name);
  }

  /**
   * Parses `raw` and runs the operation. The command reaches the store before this call returns its promise, so that what
   * one connection sends takes effect in the order received.
   * @param raw fields under their names; the door has converted them, if it converts. Who acts is filled in here
   * @throws {HubError} as a rejection
   */
  async run(name: OperationName, raw: Record<string, unknown>, call: Call): Promise<Answer> {
    const row = this.#rows.get(name);
    if (row === undefined) throw new HubError('unknown_method', `unknown method: ${name}`);
    const { operation, handler, schema } = row;
    const self = call.agent_id ?? call.caller.names?.only;
    if (self !== undefined && operation.session !== 'opens') {
      for (const field of operation.actor ?? []) raw[field] ??= self;
    }
    if (operation.session === 'closes') raw.session_id ??= call.connection?.session_id;
    const parsed = schema.safeParse(raw);
    if (!parsed.success) throw await this.#refusal(row, raw, call);
    const input = parsed.data as Record<string, unknown>;
    this.#authorize(call, operation, input);
    const broken = operation.across?.(input, undefined, this.#hub.settings.limits);
    const context = this.#context(name, input, call);
    if (broken !== undefined) {
      await handler.precheck?.(context, raw, BROKEN_RULE);
      throw new HubError('bad_request', broken);
    }
    if (operation.posts) this.#countPost(call, operation, input);
    const waited = waitOf(operation, input) > 0 ? this.#hold('waits', call, operation, input) : undefined;
    try {
      const answer =
        operation.kind === 'wait' && call.caller.grant !== undefined
          ? await this.#whileItStands(context, (within) => handler.run(within, parsed.data as never))
          : await handler.run(context, parsed.data as never);
      // The name may have got a token while the caller waited.
      if (waited !== undefined) authorize(call.caller, operation, input, this.#guards);
      if (call.caller.role !== 'observer') this.#touch(operation, input);
      return answer instanceof Answer ? answer : new Answer(answer);
    } catch (cause) {
      throw this.#forbidden(cause, call, operation, input);
    } finally {
      waited?.();
    }
  }

  /**
   * A post that goes into the store together with more than itself: checked, authorised and counted as `messages.post`, and
   * handed back as its command.
   *
   * @throws {HubError} as `messages.post` does
   */
  admitPost(raw: Readonly<Record<string, unknown>>, call: Call): PostMessage {
    const row = this.#rows.get('messages.post');
    if (row === undefined) throw new HubError('unknown_method', 'unknown method: messages.post');
    const { operation, schema } = row;
    const parsed = schema.safeParse(raw, { error: describeIssue });
    this.#authorize(call, operation, parsed.success ? (parsed.data as Record<string, unknown>) : raw);
    const issue = parsed.error?.issues[0];
    const failed = issue && String(issue.path[0] ?? '');
    const broken = operation.across?.(parsed.success ? (parsed.data as never) : raw, failed, this.#hub.settings.limits);
    if (!parsed.success || broken !== undefined) {
      throw new HubError('bad_request', broken ?? (issue === undefined ? 'invalid input' : issueText(issue)));
    }
    this.#countPost(call, operation, parsed.data as Record<string, unknown>);
    return postOf(parsed.data as ParsedOf<Operations['messages.post']>, partyOf(call.caller, this.#guards));
  }

  #countPost(call: Call, operation: Operation, input: Readonly<Record<string, unknown>>): void {
    const { from_agent, body, attachments, metadata } = input;
    const bytes = roughBytes(body) + roughBytes(attachments) + roughBytes(metadata);
    try {
      this.#limits.mayPost(call.caller, String(from_agent), bytes);
    } catch (cause) {
      throw this.#limited(cause, call, operation, input);
    }
  }

  #hold(what: Held, call: Call, operation: Operation, input: Readonly<Record<string, unknown>>): () => void {
    try {
      return this.#limits.hold(what, call.caller);
    } catch (cause) {
      throw this.#limited(cause, call, operation, input);
    }
  }

  /** A refusal by the limits. A connection that goes on all the same has to go at last (identity §8). */
  #limited(cause: unknown, call: Call, operation: Operation, input: Readonly<Record<string, unknown>>): HubError {
    const error = HubError.from(cause);
    if (error.code !== 'rate_limited') return error;
    this.#audit.refused(this.#deed(call, operation, input, ''), error.code);
    const { connection } = call;
    const isWorn = connection && this.#limits.hasWorn(connection, Number(error.details?.retry_after_sec));
    if (isWorn) connection.flooded();
    return error;
  }

  #authorize(call: Call, operation: Operation, input: Readonly<Record<string, unknown>>): void {
    try {
      authorize(call.caller, operation, input, this.#guards);
    } catch (cause) {
      throw this.#forbidden(cause, call, operation, input);
    }
  }

  /** The same error, of which the audit knows now if it is a refusal. */
  #forbidden(cause: unknown, call: Call, operation: Operation, input: Readonly<Record<string, unknown>>): unknown {
    const isRefusal = cause instanceof HubError && cause.code === 'forbidden';
    if (isRefusal) this.#audit.refused(this.#deed(call, operation, input, ''), cause.code);
    return cause;
  }

  #deed(
    { caller, agent_id }: Call,
    { name, actor }: Operation,
    input: Readonly<Record<string, unknown>>,
    target: string,
  ) {
    const named = actor?.map((field) => input[field]).find((value) => typeof value === 'string') as string | undefined;
    return { caller, agent: named ?? agent_id ?? caller.names?.only, operation: name, target };
  }

  /** A wait ends with the token of its caller, which then gets no answer (identity §2). */
  async #whileItStands(context: Context, run: (context: Context) => Promise<unknown>): Promise<unknown> {
    const { call } = context;
    const controller = new AbortController();
    const forget = [call.signal, call.caller.grant?.ended].map((signal) => onAbort(signal, () => controller.abort()));
    try {
      return await run({ ...context, call: { ...call, signal: controller.signal } });
    } finally {
      for (const each of forget) each();
      mustStand(call.caller);
    }
  }

  /** Whoever a successful call names as the one acting was just seen (arc-v1 §4, §12 A8). */
  #touch(operation: Operation, input: Record<string, unknown>): void {
    for (const field of operation.actor ?? []) {
      const agent = input[field];
      if (typeof agent === 'string' && agent !== '') this.#hub.presence.touch(agent);
    }
  }

  /** The first thing wrong, in the documented order of checks: rules over several fields and look-ups may come first. */
  async #refusal(row: Row, raw: Record<string, unknown>, call: Call): Promise<HubError> {
    // Whoever may not ask learns nothing of what is wrong with the question.
    this.#authorize(call, row.operation, raw);
    // Parsed once more for the text: an error map on every parse would cost eight times the parse.
    const issue = row.schema.safeParse(raw, { error: describeIssue }).error?.issues[0];
    const failed = String(issue?.path[0] ?? '');
    await row.handler.precheck?.(this.#context(row.operation.name as OperationName, raw, call), raw, failed);
    const broken = row.operation.across?.(raw, failed, this.#hub.settings.limits);
    return new HubError('bad_request', broken ?? (issue === undefined ? 'invalid input' : issueText(issue)));
  }

  #context(name: OperationName, input: Record<string, unknown>, call: Call): Context {
    return {
      hub: this.#hub,
      call,
      doors: this.#doors,
      audit: this.#audit,
      limits: this.#limits,
      key: (agent_id) =>
        typeof input.idempotency_key === 'string'
          ? { agent_id: agent_id || bucketOf(call), key: input.idempotency_key, fingerprint: fingerprint(name, input) }
          : undefined,
      pushing: (open) => {
        const ended = this.#hold('subscriptions', call, OPERATIONS[name], input);
        try {
          return open(ended);
        } catch (cause) {
          ended();
          throw cause;
        }
      },
      party: () => partyOf(call.caller, this.#guards),
      note: (target) => this.#audit.done(this.#deed(call, OPERATIONS[name], input, target)),
    };
  }
}

/** Whose keys they are that come with a call which names no agent: those of the token. No name begins so. */
const bucketOf = ({ caller: { grant } }: Call) => (grant === undefined ? '' : `\0${grant.id}`);

/** Stands for the failed field when all fields passed and a rule over several of them did not. */
export const BROKEN_RULE = '';
