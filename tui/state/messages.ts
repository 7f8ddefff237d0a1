/**
 * The messages that are kept: the newest ones of the whole hub, in a window of bounded size, and older ones that were
 * loaded for the view that is open. Both ascend by id and hold no id twice.
 */
import type { Message } from '../../protocol/index.js';

/** Messages of the window, and their text; either bound alone keeps the memory flat. */
export const WINDOW_MESSAGES = 5_000;
export const WINDOW_CHARS = 16 * 1024 * 1024;
/** Older messages of the open view that leave the window while somebody reads back. */
export const HISTORY_MESSAGES = 20_000;

export interface MessageWindow {
  readonly messages: readonly Message[];
  /** Every message above this id that was ever pushed is in the window. */
  readonly floorId: number;
  readonly chars: number;
}

export const EMPTY_WINDOW: MessageWindow = { messages: [], floorId: 0, chars: 0 };

export const charsOf = (message: Message): number =>
  message.body.length + 300 + (message.attachments.length > 0 ? JSON.stringify(message.attachments).length : 0);

export interface Appended {
  readonly window: MessageWindow;
  /** Those that were not there before. */
  readonly added: readonly Message[];
  /** Those that had to go. */
  readonly dropped: readonly Message[];
}

export function append(window: MessageWindow, incoming: readonly Message[]): Appended {
  const added = withoutKnown(window.messages, incoming);
  if (added.length === 0) return { window, added, dropped: [] };
  const lastId = window.messages.at(-1)?.id ?? 0;
  let messages = window.messages.concat(added);
  // An acknowledged post may be here before what was posted ahead of it by others.
  if ((added[0]?.id ?? 0) < lastId) messages = messages.toSorted((a, b) => a.id - b.id);
  let chars = window.chars;
  for (const message of added) chars += charsOf(message);
  let drop = 0;
  // A tenth goes at once, so that the array is not copied for each message.
  if (messages.length > WINDOW_MESSAGES) drop = messages.length - Math.floor(WINDOW_MESSAGES * 0.9);
  for (let i = 0; i < drop; i++) chars -= sizeAt(messages, i);
  while (chars > WINDOW_CHARS && drop < messages.length - 1) {
    chars -= sizeAt(messages, drop);
    drop += 1;
  }
  const dropped = messages.slice(0, drop);
  const floorId = dropped.at(-1)?.id ?? window.floorId;
  return { window: { messages: drop === 0 ? messages : messages.slice(drop), floorId, chars }, added, dropped };
}

const sizeAt = (messages: readonly Message[], i: number): number => {
  const message = messages[i];
  return message === undefined ? 0 : charsOf(message);
};

function withoutKnown(known: readonly Message[], incoming: readonly Message[]): Message[] {
  const added: Message[] = [];
  let lastId = known.at(-1)?.id ?? 0;
  for (const message of incoming) {
    if (message.id > lastId) {
      added.push(message);
      lastId = message.id;
    } else if (!has(known, message.id) && !added.some(({ id }) => id === message.id)) added.push(message);
  }
  return added.every((each, i) => i === 0 || each.id > (added[i - 1]?.id ?? 0))
    ? added
    : added.toSorted((a, b) => a.id - b.id);
}

/** Position of the first message with at least this id. */
export function indexOfId(messages: readonly Message[], id: number): number {
  let low = 0;
  let high = messages.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((messages[middle]?.id ?? 0) < id) low = middle + 1;
    else high = middle;
  }
  return low;
}

export const findById = (messages: readonly Message[], id: number): Message | undefined => {
  const found = messages[indexOfId(messages, id)];
  return found?.id === id ? found : undefined;
};

const has = (messages: readonly Message[], id: number): boolean => findById(messages, id) !== undefined;

/** Joins two ascending lists; an id that is in both is taken once. */
export function merge(older: readonly Message[], newer: readonly Message[]): readonly Message[] {
  if (older.length === 0) return newer;
  if (newer.length === 0) return older;
  if ((older.at(-1)?.id ?? 0) < (newer[0]?.id ?? 0)) return older.concat(newer);
  const byId = new Map<number, Message>();
  for (const message of older) byId.set(message.id, message);
  for (const message of newer) byId.set(message.id, message);
  return [...byId.values()].sort((a, b) => a.id - b.id);
}
