import { z } from 'zod';
import { Message } from '../entities.js';
import { beforeId, chars, integer, queryText, rest, sinceId } from '../fields.js';
import { operation } from '../operation.js';

const MAX_QUERY_CHARS = 1_000;
const MAX_HITS = 100;
const DEFAULT_HITS = 20;

export const SEARCH_FIELDS = ['body', 'attachments', 'channel', 'thread', 'sender'] as const;
export type SearchField = (typeof SEARCH_FIELDS)[number];

export const SearchHit = z.object({
  message: Message,
  /** Where it was found, on one line, with `[[` and `]]` around each word that was looked for. */
  snippet: z.string(),
  /** The part of the message that the snippet is from. */
  field: z.enum(SEARCH_FIELDS),
});
export type SearchHit = z.output<typeof SearchHit>;

export const SearchResult = z.object({
  hits: z.array(SearchHit),
  /** Whether there are older ones; `indexing`: not everything is in the index yet, so there may be. */
  more: z.union([z.boolean(), z.literal('indexing')]),
});
export type SearchResult = z.output<typeof SearchResult>;

/** Looks for messages by their words (websocket §8). */
export const messagesSearch = operation({
  name: 'messages.search',
  kind: 'read',
  access: 'look',
  summary:
    'Messages in which words occur, newest first; from:, to:, in:, thread:, kind:, has:, after:, before: narrow it',
  rest: { method: 'GET', path: '/v1/search', statuses: [200] },
  channels: ({ channel }) => [channel],
  actor: ['agent_id'],
  input: (limits) =>
    z.strictObject({
      query: rest('raw_text', chars(MAX_QUERY_CHARS).default('')),
      /** Only what this agent may see; empty: all that the caller may, also on a connection that is bound to an agent. */
      agent_id: queryText(limits.max_name_chars),
      channel: queryText(limits.max_name_chars),
      thread_id: queryText(limits.max_name_chars),
      from_agent: queryText(limits.max_name_chars),
      to_agent: queryText(limits.max_name_chars),
      kind: queryText(limits.max_name_chars),
      since_id: sinceId(),
      before_id: beforeId(),
      limit: rest(
        'integer',
        integer()
          .refine((n) => n >= 1 && n <= MAX_HITS, { error: `must be from 1 to ${MAX_HITS}` })
          .default(DEFAULT_HITS),
      ),
      order: rest(
        'raw_text',
        z.enum(['newest', 'best'], { error: "order must be 'newest' or 'best'" }).default('newest'),
      ),
    }),
  output: SearchResult,
});
