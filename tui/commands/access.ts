/** Who may speak, for those who may say so. */
import { parseDuration } from '../../base/duration.js';
import { HubError, ROLES, type Role, type Token } from '../../protocol/index.js';
import type { Hands } from '../app/hands.js';
import { arg, type Command, optional } from './command.js';

export const ACCESS: readonly Command[] = [
  {
    name: 'tokens',
    summary: 'who may speak: the tokens of the hub; renew and revoke them there',
    run: async (hands) => {
      const tokens = await kept(hands, 'tokens.list', {});
      hands.desk.dispatch({ type: 'tokens', tokens });
      hands.desk.open({ kind: 'tokens', selected: Math.max(0, tokens.length - 1) });
    },
  },
  {
    name: 'issue-token',
    args: [arg('names', 'text'), optional('channels=… expires=30d role=… label=…', 'text')],
    summary: 'make a token for these names (a,b or ci-*); “observer” and “operator” name a role. Shown once',
    run: async (hands, [names = '', how = '']) => {
      const { token, ...issued } = await kept(hands, 'tokens.issue', wanted(names, how));
      hands.desk.open({ kind: 'secret', token, what: titleOf(issued) });
    },
  },
  {
    name: 'audit',
    summary: 'what was done to the hub, and what was refused',
    run: async (hands) => {
      hands.desk.dispatch({ type: 'audit', lines: await kept(hands, 'audit.list', { tail: true, limit: 200 }) });
      hands.desk.open({ kind: 'audit', scroll: Number.MAX_SAFE_INTEGER });
    },
  },
];

export const titleOf = ({ id, role, names }: Pick<Token, 'id' | 'role' | 'names'>): string =>
  `Token ${id} for ${names.length > 0 ? names.join(', ') : role}`;

/** A call that needs an operator's token: the refusal says how to come by one. */
async function kept<Name extends 'tokens.list' | 'tokens.issue' | 'audit.list'>(
  { desk }: Hands,
  name: Name,
  params: Parameters<typeof desk.actor.call<Name>>[1],
) {
  try {
    return await desk.actor.call(name, params);
  } catch (cause) {
    if (!(cause instanceof HubError) || cause.code !== 'forbidden') throw cause;
    const remedy = 'start the dashboard with one (arc token issue --role operator), or use arc token and arc audit';
    throw new HubError('forbidden', `${cause.message}: ${remedy}`);
  }
}

/** `a,b` or a role, and `channels=x,y expires=30d role=relay label=the rest`. */
function wanted(names: string, how: string) {
  const isRole = (ROLES as readonly string[]).includes(names) && (names === 'observer' || names === 'operator');
  const [, options = '', label] = /^(.*?)(?:\blabel=(.*))?$/s.exec(how) ?? [];
  const given = new Map(options.split(/\s+/).flatMap((part) => (part === '' ? [] : [split(part)])));
  for (const key of given.keys()) {
    if (!['channels', 'expires', 'role'].includes(key)) throw new HubError('bad_request', `unknown option: ${key}`);
  }
  const expires = given.get('expires');
  return {
    role: (isRole ? names : (given.get('role') ?? 'agent')) as Role,
    names: isRole ? [] : names.split(','),
    channels: given.get('channels')?.split(','),
    expires_in_sec: expires === undefined ? undefined : seconds(expires),
    label: label?.trim(),
  };
}

function split(part: string): [string, string] {
  const at = part.indexOf('=');
  return at === -1 ? [part, ''] : [part.slice(0, at), part.slice(at + 1)];
}

function seconds(text: string): number {
  const sec = parseDuration(text);
  if (sec === undefined) throw new HubError('bad_request', 'expires must be a time such as 12h or 30d');
  return Math.round(sec);
}
