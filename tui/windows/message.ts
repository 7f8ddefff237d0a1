import { line } from '../line.js';
import { findById } from '../state/messages.js';
import type { Overlay } from '../state/state.js';
import { wholeMessage } from '../view/message-lines.js';
import { textWindow } from './text-window.js';

/** One message whole, its attachments unfolded. */
export const message = textWindow<Extract<Overlay, { kind: 'message' }>>({
  title: ({ id }) => `Message ${id}`,
  lines: (state, { id }, columns) => {
    const found = findById(state.window.messages, id) ?? findById(state.history, id);
    return found === undefined
      ? [line('This message is no longer loaded.', 'muted')]
      : wholeMessage(state, found, columns);
  },
});
