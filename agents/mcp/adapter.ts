import { Server } from '@modelcontextprotocol/sdk/server/index.js';
import type { RequestHandlerExtra } from '@modelcontextprotocol/sdk/shared/protocol.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import {
  CallToolRequestSchema,
  type CallToolResult,
  ListResourcesRequestSchema,
  ListResourceTemplatesRequestSchema,
  ListToolsRequestSchema,
  ReadResourceRequestSchema,
  type ServerNotification,
  type ServerRequest,
  SubscribeRequestSchema,
  UnsubscribeRequestSchema,
} from '@modelcontextprotocol/sdk/types.js';
import { type Clock, systemClock } from '../../base/clock.js';
import type { HubClient } from '../../client/hub-client.js';
import { HubError } from '../../protocol/index.js';
import { explain } from './advice.js';
import { Membership } from './membership.js';
import { reportProgress } from './progress.js';
import { ResourceWatch } from './resource-watch.js';
import { listResources, parseUri, readResource, TEMPLATES } from './resources.js';
import type { Tool } from './tool.js';
import { TOOLS } from './tools.js';

export interface McpAdapterOptions {
  /** Signed in as the agent by the adapter, which closes it in the end. */
  readonly hub: HubClient;
  readonly version: string;
  /** Where the hub is, for the text of errors. */
  readonly hubAt: string;
  readonly clock?: Clock | undefined;
  /** Whether somebody is at the other end of the transport; by default, as long as it is open. */
  readonly isPresent?: (() => boolean) | undefined;
}

type Extra = RequestHandlerExtra<ServerRequest, ServerNotification>;

const RESOURCE_NOT_FOUND = -32002;
const INVALID_PARAMS = -32602;

/** An error as MCP answers it; the SDK's own would put its code into the text as well. */
class ResourceError extends Error {
  readonly data: { readonly uri: string } | undefined;

  constructor(
    readonly code: number,
    message: string,
    uri: string | undefined,
  ) {
    super(message);
    this.data = uri === undefined ? undefined : { uri };
  }
}

const INSTRUCTIONS = `You share a hub with other agents. Look at arc_inbox before you start and between steps; answer requests with
arc_post_message kind task_result. Claim work and lock files with arc_coordinate before you touch them, and give them back.`;

/**
 * The hub as an MCP server for one agent: the same tools over stdio and HTTP, given a client of the hub. It starts
 * without a hub, keeps the agent present while it lives, and signs out what it signed in.
 */
export class McpAdapter implements AsyncDisposable {
  readonly #hub: HubClient;
  readonly #options: McpAdapterOptions;
  readonly #clock: Clock;
  readonly #mcp: Server;
  readonly #membership: Membership;
  readonly #watch: ResourceWatch;
  readonly #shown = new Set<number>();

  constructor(options: McpAdapterOptions) {
    this.#hub = options.hub;
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#mcp = new Server(
      { name: 'arc-mcp', title: 'Arc Hub', version: options.version },
      {
        capabilities: { tools: {}, resources: { subscribe: true }, logging: {} },
        instructions: INSTRUCTIONS,
      },
    );
    this.#membership = new Membership(options.hub, {
      clock: this.#clock,
      onNews: (level, data) => this.#log(level, data),
      metadata: () => this.#host(),
      isPresent: options.isPresent,
    });
    this.#watch = new ResourceWatch(options.hub, this.#clock, (uri) => {
      this.#mcp.sendResourceUpdated({ uri }).catch(ignore);
    });
    this.#serveTools();
    this.#serveResources();
  }

  /** Speaks MCP over the transport until it is closed; resolves when it listens. */
  async connect(transport: Transport): Promise<void> {
    this.#mcp.oninitialized = () => this.#membership.start();
    await this.#mcp.connect(transport);
  }

  /** Signs in now, rather than when the host has introduced itself. */
  start(): void {
    this.#membership.start();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#mcp.close();
    await this.#watch[Symbol.asyncDispose]();
    await this.#membership[Symbol.asyncDispose]();
  }

  #serveTools(): void {
    const server = this.#mcp;
    server.setRequestHandler(ListToolsRequestSchema, () => ({
      tools: [...TOOLS.values()].map(({ name, description, inputSchema, outputSchema, annotations }) => ({
        name,
        description,
        inputSchema,
        outputSchema,
        annotations,
      })),
    }));
    server.setRequestHandler(CallToolRequestSchema, async ({ params }, extra) => {
      const tool = TOOLS.get(params.name);
      if (tool === undefined) {
        return failure(`unknown tool: ${params.name}\nThere are: ${[...TOOLS.keys()].join(', ')}.`);
      }
      return this.#call(tool, params.arguments ?? {}, extra);
    });
  }

  async #call(tool: Tool, args: Readonly<Record<string, unknown>>, extra: Extra): Promise<CallToolResult> {
    const stopProgress = reportProgress(extra, tool.waitSec(args), this.#clock);
    try {
      this.#membership.start();
      await this.#membership.join();
      const context = { hub: this.#hub, signal: extra.signal, shown: this.#shown };
      const { value, structured, text } = await tool.call(args, context);
      return { content: [{ type: 'text', text: text ?? JSON.stringify(value) }], structuredContent: { ...structured } };
    } catch (cause) {
      const reachable = this.#hub.state === 'open';
      return failure(explain(cause, { tool: tool.name, hubAt: this.#options.hubAt, reachable }));
    } finally {
      stopProgress();
    }
  }

  #serveResources(): void {
    const server = this.#mcp;
    server.setRequestHandler(ListResourcesRequestSchema, async (_request, { signal }) => ({
      resources: await this.#asked(() => listResources(this.#hub, signal)),
    }));
    server.setRequestHandler(ListResourceTemplatesRequestSchema, () => ({ resourceTemplates: TEMPLATES }));
    server.setRequestHandler(ReadResourceRequestSchema, async ({ params: { uri } }, { signal }) => {
      const resource = parseUri(uri);
      if (resource === undefined) throw new ResourceError(RESOURCE_NOT_FOUND, `no such resource: ${uri}`, uri);
      return { contents: [await this.#asked(() => readResource(this.#hub, uri, resource, signal), uri)] };
    });
    server.setRequestHandler(SubscribeRequestSchema, async ({ params: { uri } }) => {
      await this.#asked(() => this.#watch.add(uri), uri);
      return {};
    });
    server.setRequestHandler(UnsubscribeRequestSchema, async ({ params: { uri } }) => {
      await this.#watch.remove(uri);
      return {};
    });
  }

  /** Failures of the hub as errors of MCP. */
  async #asked<T>(work: () => Promise<T>, uri?: string): Promise<T> {
    try {
      return await work();
    } catch (cause) {
      const error = HubError.from(cause);
      const code = error.code === 'not_found' ? RESOURCE_NOT_FOUND : INVALID_PARAMS;
      const { hubAt } = this.#options;
      const reachable = this.#hub.state === 'open';
      throw new ResourceError(code, explain(error, { tool: 'the resource', hubAt, reachable }), uri);
    }
  }

  /** Which program speaks for the agent, so that people can tell them apart. */
  #host(): Record<string, unknown> {
    const host = this.#mcp.getClientVersion();
    return host === undefined ? { via: 'mcp' } : { via: 'mcp', host: `${host.name} ${host.version}` };
  }

  #log(level: 'info' | 'warning', data: string): void {
    // The level that the host wants is kept by session where there are any.
    const { sessionId } = this.#mcp.transport ?? {};
    this.#mcp.sendLoggingMessage({ level, logger: 'arc', data }, sessionId).catch(ignore);
  }
}

/** A host that is gone need not be told. */
const ignore = () => undefined;

const failure = (text: string): CallToolResult => ({ content: [{ type: 'text', text }], isError: true });
