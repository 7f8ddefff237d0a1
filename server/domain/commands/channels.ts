import type { ChannelRow } from '../rows.js';
import type { Tx } from '../tx.js';

export const channelCommands = {
  createChannel(tx: Tx, input: Omit<ChannelRow, 'created_at'>): { channel: ChannelRow; created: boolean } {
    const existing = tx.tables.channels.get(input.name);
    if (existing !== undefined) return { channel: existing, created: false };
    const channel = { ...input, created_at: tx.now };
    tx.tables.channels.insert(channel);
    tx.changed({ topic: 'channel', change: 'created', row: channel });
    return { channel, created: true };
  },
};
