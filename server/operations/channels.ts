import { stringify } from '../../protocol/index.js';
import { seesChannel } from '../access/visibility.js';
import { encodeChannel } from '../domain/encode.js';
import { Answer, handle } from './context.js';

export const channelOperations = [
  handle('channels.list', async ({ hub, call }) => {
    const channels = await hub.store.channels();
    return channels.filter(({ name }) => seesChannel(call.caller, name)).map(encodeChannel);
  }),

  handle('channels.create', async ({ hub, key }, { name, created_by, metadata }) => {
    const channel = { name, created_by: created_by ?? null, metadata_json: stringify(metadata ?? {}) };
    const { outcome } = await hub.write('createChannel', channel, key(created_by ?? ''));
    return new Answer(encodeChannel(outcome.channel), outcome.created ? 201 : 200);
  }),
];
