/** Every window, and with them all keys there are. */
import { ALWAYS, ANYWHERE } from '../app/anywhere.js';
import type { KeyGroup } from '../input/keys.js';
import { PANES } from '../panes/table.js';
import type { Overlay } from '../state/state.js';
import { audit } from './audit.js';
import { helpWindow } from './help.js';
import { message } from './message.js';
import { palette } from './palette.js';
import { question } from './question.js';
import { searchWindow } from './search.js';
import { secret } from './secret.js';
import { tokens } from './tokens.js';
import type { WindowKind } from './window.js';

const WINDOWS: { readonly [K in Overlay['kind']]: WindowKind<Extract<Overlay, { readonly kind: K }>> } = {
  help: helpWindow(() => KEY_GROUPS),
  message,
  palette,
  question,
  tokens,
  secret,
  audit,
  search: searchWindow,
};

export const windowOf = ({ kind }: Overlay): WindowKind<Overlay> => WINDOWS[kind];

/** What the help and docs/tui.md are drawn from. Windows that share their keys share their name. */
export const KEY_GROUPS: readonly KeyGroup[] = [
  { name: 'Anywhere', keys: ANYWHERE },
  { name: 'Anywhere, over a window too', keys: ALWAYS },
  ...Object.values(PANES),
  ...new Map(Object.values(WINDOWS).map((window): [string, KeyGroup] => [window.name, window])).values(),
].filter(({ keys }) => keys.length > 0);
