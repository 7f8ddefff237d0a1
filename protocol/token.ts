/** The text of a token, `arct_<id>_<secret>`, in a form that secret scanners find (identity §2). */
const ID_CHARS = 10;
const SECRET_CHARS = 43;
const FORM = new RegExp(`^arct_([\\w-]{${ID_CHARS}})_([\\w-]{${SECRET_CHARS}})$`);
const ANYWHERE = new RegExp(`arct_[\\w-]{${ID_CHARS}}_[\\w-]{${SECRET_CHARS}}`);

export interface TokenText {
  readonly id: string;
  readonly secret: string;
}

/** Undefined for what has not the form of a token. */
export function parseToken(text: string): TokenText | undefined {
  const [, id, secret] = FORM.exec(text) ?? [];
  return id === undefined || secret === undefined ? undefined : { id, secret };
}

export const tokenText = ({ id, secret }: TokenText): string => `arct_${id}_${secret}`;

/** Whether a token stands somewhere in it, also percent-encoded. */
export const holdsToken = (text: string): boolean =>
  ANYWHERE.test(text) || (text.includes('%') && ANYWHERE.test(unescaped(text)));

/** What is percent-encoded of the letters of a token, as these letters. */
const unescaped = (text: string) =>
  text.replace(/%([2-7][\da-f])/gi, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)));

/** The text without the secrets of tokens in it. */
export const withoutSecrets = (text: string): string => text.replace(/(arct_[\w-]{10}_)[\w-]{43}/g, '$1…');

/** Narrows a caller of several names to one of them, percent-encoded, for one request or connection (identity §2). */
export const AS_AGENT_HEADER = 'x-arc-agent';

/** How a WebSocket client that cannot set headers carries one: `arc.v1, bearer.<token>` (websocket §1). */
export const TOKEN_SUBPROTOCOL = 'bearer.';
