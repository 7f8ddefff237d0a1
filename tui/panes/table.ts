/** Every pane. */
import type { Pane, RightPane } from '../state/state.js';
import { detail } from './detail.js';
import { feed } from './feed.js';
import { input } from './input.js';
import type { LinesPane, PaneKind } from './pane.js';
import { sidebar } from './sidebar.js';

/** Those that can stand right of the feed, one at a time. */
export const RIGHT: Readonly<Record<RightPane, LinesPane>> = { detail };

export const PANES: Readonly<Record<Pane, PaneKind>> = { input, feed, sidebar, ...RIGHT };
