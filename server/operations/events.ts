import { HubError } from '../../protocol/index.js';
import { handle } from './context.js';

export const eventOperations = [
  handle('events.stream', async ({ call, pushing }, input) => {
    const { stream } = call;
    if (stream === undefined) throw new HubError('bad_request', 'events.stream needs an HTTP connection');
    pushing((ended) => stream.open(input, ended));
  }),

  handle('events.subscribe', async ({ hub, call, pushing }, input) => {
    const { subscriber } = call;
    if (subscriber === undefined) throw new HubError('bad_request', 'events.subscribe needs a WebSocket connection');
    const { since_id, ...asked } = input;
    // Who is narrowed to channels has subscribed to those.
    const channels = asked.channels ?? (call.caller.channels && [...call.caller.channels]);
    const isObserver = call.caller.role === 'observer';
    const rest = { ...asked, channels, include_direct: isObserver ? false : asked.include_direct };
    const from = (since_id: number | undefined) =>
      pushing((ended) => subscriber.subscribe({ ...rest, since_id }, ended));
    if (since_id !== 'cursor') return from(since_id);
    if (input.agent_id === undefined) throw new HubError('bad_request', 'agent_id is required');
    return from(await hub.store.cursor(input.agent_id));
  }),

  handle('events.unsubscribe', async ({ call }, { subscription }) => {
    if (call.subscriber === undefined) {
      throw new HubError('bad_request', 'events.unsubscribe needs a WebSocket connection');
    }
    return { unsubscribed: call.subscriber.unsubscribe(subscription) };
  }),

  handle('events.ack', async ({ hub, key }, { agent_id, since_id }) => {
    return (await hub.write('ackCursor', { agent_id, since_id }, key(agent_id))).outcome;
  }),

  handle('events.cursor', async ({ hub }, { agent_id }) => {
    return { agent_id, since_id: (await hub.store.cursor(agent_id)) ?? null };
  }),
];
