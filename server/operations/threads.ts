import { HubError } from '../../protocol/index.js';
import { isVisible } from '../access/visibility.js';
import { encodeLease, encodeMessage, encodeTask } from '../domain/encode.js';
import { encodeThread } from '../domain/rules/threads.js';
import { handle } from './context.js';

export const threadOperations = [
  handle('threads.list', async ({ hub }) => {
    await hub.settle();
    return (await hub.store.threads(hub.now)).map(encodeThread);
  }),

  handle('threads.get', async ({ hub, call }, { thread_id }) => {
    await hub.settle();
    const detail = await hub.store.thread(thread_id, hub.now);
    if (detail === undefined) throw new HubError('not_found', 'thread not found');
    return {
      thread: encodeThread(detail.thread),
      messages: detail.messages.filter((row) => isVisible(call.caller, row)).map(encodeMessage),
      tasks: detail.tasks.map(encodeTask),
      claims: detail.claims.map(encodeLease),
      locks: detail.locks.map(encodeLease),
    };
  }),
];
