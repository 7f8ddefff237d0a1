/** What a host may read beside the tools: `arc://agents`, `arc://channel/NAME`, `arc://thread/ID`. */

import type { HubClient } from '../../client/hub-client.js';
import type { Message } from '../../protocol/index.js';
import { terse } from './tool.js';

export const AGENTS_URI = 'arc://agents';
const LATEST = 50;
const JSON_TYPE = 'application/json';

export type ResourceName = { readonly kind: 'agents' } | { readonly kind: 'channel' | 'thread'; readonly name: string };

export const channelUri = (name: string) => `arc://channel/${encodeURIComponent(name)}`;
export const threadUri = (id: string) => `arc://thread/${encodeURIComponent(id)}`;

/** One spelling of each. */
export function canonicalUri(resource: ResourceName): string {
  if (resource.kind === 'agents') return AGENTS_URI;
  return resource.kind === 'channel' ? channelUri(resource.name) : threadUri(resource.name);
}

/** What a URI names; undefined when it names nothing here. */
export function parseUri(uri: string): ResourceName | undefined {
  if (uri === AGENTS_URI) return { kind: 'agents' };
  const [, kind, name] = /^arc:\/\/(channel|thread)\/(.+)$/.exec(uri) ?? [];
  if (kind === undefined || name === undefined) return undefined;
  try {
    return { kind: kind as 'channel' | 'thread', name: decodeURIComponent(name) };
  } catch {
    return undefined;
  }
}

export const TEMPLATES = [
  {
    uriTemplate: 'arc://channel/{name}',
    name: 'channel',
    description: 'Latest messages of a channel',
    mimeType: JSON_TYPE,
  },
  {
    uriTemplate: 'arc://thread/{id}',
    name: 'thread',
    description: 'A thread with its tasks and leases',
    mimeType: JSON_TYPE,
  },
];

export async function listResources(hub: HubClient, signal: AbortSignal) {
  const [channels, threads] = await Promise.all([hub.channels({ signal }), hub.threads({ signal })]);
  return [
    { uri: AGENTS_URI, name: 'agents', description: 'Who is at the hub now', mimeType: JSON_TYPE },
    ...channels.map(({ name }) => ({ uri: channelUri(name), name: `#${name}`, mimeType: JSON_TYPE })),
    ...threads.slice(0, LATEST).map(({ thread_id, status }) => ({
      uri: threadUri(thread_id),
      name: `thread ${thread_id}`,
      description: status,
      mimeType: JSON_TYPE,
    })),
  ];
}

/** @throws {HubError} `not_found`: no such channel or thread */
export async function readResource(hub: HubClient, uri: string, resource: ResourceName, signal: AbortSignal) {
  const contents = await contentsOf(hub, resource, signal);
  return { uri, mimeType: JSON_TYPE, text: JSON.stringify(contents) };
}

async function contentsOf(hub: HubClient, resource: ResourceName, signal: AbortSignal): Promise<unknown> {
  if (resource.kind === 'agents') return (await hub.agents({ signal })).map(terse);
  if (resource.kind === 'channel') {
    const messages = await hub.messages({ channel: resource.name, tail: true, limit: LATEST, signal });
    return { channel: resource.name, messages: messages.map(terse) };
  }
  const { thread, messages, tasks, claims, locks } = await hub.getThread(resource.name, { signal });
  const visible = messages.filter((message) => isVisible(message, hub.agentId)).slice(-LATEST);
  return { thread, messages: visible.map(terse), tasks, claims, locks };
}

/** A thread holds direct messages of others too; they are nobody else's business. */
const isVisible = ({ to_agent, from_agent }: Message, agentId: string | undefined) =>
  to_agent === null || to_agent === agentId || from_agent === agentId;
