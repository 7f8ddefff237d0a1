import { sightOf } from '../access/visibility.js';
import { encodeMessage } from '../domain/encode.js';
import { parseQuery } from '../domain/rules/search-query.js';
import { snippetOf } from '../domain/rules/snippet.js';
import { handle } from './context.js';

export const searchOperations = [
  handle('messages.search', async ({ hub, call }, { since_id, before_id, limit, order, ...input }) => {
    const query = parseQuery(input.query);
    const given = {
      from: only(input.from_agent),
      to: only(input.to_agent),
      in: only(input.channel),
      thread: only(input.thread_id),
      kind: only(input.kind),
      has: [],
    };
    const sight = sightOf(call.caller, input.agent_id || undefined);
    const page = await hub.store.search({ query, given, sight, since_id, before_id, limit, order });
    const hits = page.rows.map((row) => ({ message: encodeMessage(row), ...snippetOf(row, query.terms) }));
    return { hits, more: page.isWhole ? page.more : 'indexing' };
  }),
];

const only = (value: string | undefined) => (value === undefined ? [] : [value]);
