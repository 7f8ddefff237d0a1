import { HubError } from '../../protocol/index.js';
import { isVisible, seesAll } from '../access/visibility.js';
import { encodeLease, encodeMessage, encodeTask } from '../domain/encode.js';
import type { Sent } from '../domain/party.js';
import { encodeThread } from '../domain/rules/threads.js';
import { handle } from './context.js';

export const threadOperations = [
  handle('threads.list', async ({ hub, call }) => {
    await hub.settle();
    const { caller } = call;
    const sees = seesAll(caller) ? undefined : (sent: Sent) => isVisible(caller, sent);
    return (await hub.store.threads(hub.now, sees)).map(encodeThread);
  }),

  handle('threads.get', async ({ hub, call }, { thread_id }) => {
    await hub.settle();
    const detail = await hub.store.thread(thread_id, hub.now);
    const { caller } = call;
    const messages = detail?.messages.filter((row) => isVisible(caller, row)) ?? [];
    const isOpen = detail?.messages.length === 0 || messages.some(({ from_agent }) => from_agent !== 'system');
    if (detail === undefined || (!isOpen && !seesAll(caller))) {
      throw new HubError('not_found', 'thread not found');
    }
    return {
      thread: encodeThread(detail.thread),
      messages: messages.map(encodeMessage),
      tasks: detail.tasks.filter((task) => isVisible(caller, task)).map(encodeTask),
      claims: detail.claims.map(encodeLease),
      locks: detail.locks.map(encodeLease),
    };
  }),
];
