import { HubError } from '../../protocol/index.js';
import { handle } from './context.js';

export const eventOperations = [
  handle('events.subscribe', async ({ hub, caller }, input) => {
    const { connection } = caller;
    if (connection === undefined) throw new HubError('bad_request', 'events.subscribe needs a WebSocket connection');
    const { since_id, ...rest } = input;
    if (since_id !== 'cursor') return connection.subscribe({ ...rest, since_id });
    if (input.agent_id === undefined) throw new HubError('bad_request', 'agent_id is required');
    return connection.subscribe({ ...rest, since_id: await hub.store.cursor(input.agent_id) });
  }),

  handle('events.unsubscribe', async ({ caller }, { subscription }) => {
    if (caller.connection === undefined) {
      throw new HubError('bad_request', 'events.unsubscribe needs a WebSocket connection');
    }
    return { unsubscribed: caller.connection.unsubscribe(subscription) };
  }),

  handle('events.ack', async ({ hub, key }, { agent_id, since_id }) => {
    return (await hub.write('ackCursor', { agent_id, since_id }, key(agent_id))).outcome;
  }),

  handle('events.cursor', async ({ hub }, { agent_id }) => {
    return { agent_id, since_id: (await hub.store.cursor(agent_id)) ?? null };
  }),
];
