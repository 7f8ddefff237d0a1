/** Who may speak: tokens, and what the hub takes a caller for (identity §2, §5). */
import { z } from 'zod';
import { NewToken, Token, Whoami } from '../entities.js';
import { bodyFlag, optionalText, requiredText, rest } from '../fields.js';
import type { Limits } from '../limits.js';
import { operation } from '../operation.js';
import { ROLES } from '../roles.js';

export const MAX_TOKEN_NAMES = 100;
const MAX_LABEL_CHARS = 200;
const MAX_EXPIRES_SEC = 315_360_000;
const MAX_GRACE_SEC = 86_400;

const names = (limits: Limits) =>
  z
    .array(
      z
        .string()
        .trim()
        .refine((name) => name !== '' && name.length <= limits.max_name_chars, {
          error: `must have names of 1 to ${limits.max_name_chars} characters`,
        }),
    )
    .max(MAX_TOKEN_NAMES, { error: `must have ${MAX_TOKEN_NAMES} items or fewer` });

const seconds = (max: number) =>
  z
    .number()
    .refine((sec) => Number.isInteger(sec) && sec >= 0 && sec <= max, { error: `must be an integer from 0 to ${max}` });

const tokenId = () => requiredText(64);

export const tokensWhoami = operation({
  name: 'tokens.whoami',
  kind: 'read',
  access: 'look',
  summary: 'What the hub takes the caller for: role, names, channels, token',
  rest: { method: 'GET', path: '/v1/whoami', statuses: [200] },
  input: () => z.strictObject({}),
  output: Whoami,
});

export const tokensIssue = operation({
  name: 'tokens.issue',
  kind: 'write',
  access: 'keep',
  summary: 'Make a token; its text is in the answer and told never again',
  rest: { method: 'POST', path: '/v1/tokens', statuses: [201] },
  input: (limits) =>
    z.strictObject({
      role: rest('text', z.enum(ROLES).default('agent')),
      /** Of an agent or a relay: one at least. `ci-*` stands for all names that begin so. */
      names: rest('list', names(limits).default([])),
      channels: rest('list', names(limits).optional()),
      label: optionalText(MAX_LABEL_CHARS),
      expires_in_sec: rest('integer', seconds(MAX_EXPIRES_SEC).optional()),
    }),
  across: ({ role = 'agent', names: given = [] }, failed) => {
    if (failed !== undefined) return undefined;
    const count = (given as string[]).length;
    if (role === 'operator' || role === 'observer') {
      return count > 0 ? `names must be left away for the role ${String(role)}` : undefined;
    }
    if (count === 0) return `names must have one name at least for the role ${String(role)}`;
    const wrong = (given as string[]).find((name) => name === '*' || name.slice(0, -1).includes('*'));
    if (wrong !== undefined) return `names must be whole, or end in * after some characters: ${wrong}`;
    return (given as string[]).includes('system') ? 'names must not hold system, which is the hub itself' : undefined;
  },
  output: NewToken,
});

export const tokensList = operation({
  name: 'tokens.list',
  kind: 'read',
  access: 'keep',
  summary: 'All tokens, without their secrets, by when they were issued',
  rest: { method: 'GET', path: '/v1/tokens', statuses: [200] },
  input: () => z.strictObject({}),
  output: z.array(Token),
});

export const tokensRotate = operation({
  name: 'tokens.rotate',
  kind: 'write',
  access: 'keep',
  summary: 'Give a token a new secret; the old one works for a while',
  rest: { method: 'POST', path: '/v1/tokens/{id}/rotate', statuses: [200] },
  input: () =>
    z.strictObject({
      id: tokenId(),
      grace_sec: rest('integer', seconds(MAX_GRACE_SEC).default(600)),
    }),
  output: NewToken,
});

export const tokensRevoke = operation({
  name: 'tokens.revoke',
  kind: 'write',
  access: 'keep',
  summary: 'End a token and its connections; with `forget` its names are no longer guarded either',
  rest: { method: 'POST', path: '/v1/tokens/{id}/revoke', statuses: [200] },
  input: () => z.strictObject({ id: tokenId(), forget: bodyFlag() }),
  output: Token,
});
