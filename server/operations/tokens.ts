import { freshToken } from '../access/secret.js';
import { encodeToken } from '../domain/encode.js';
import { Answer, handle } from './context.js';

export const tokenOperations = [
  handle('tokens.whoami', async ({ hub, call }) => {
    const { role, door, address, grant, names, channels } = call.caller;
    return {
      role,
      verified: grant !== undefined,
      token_id: grant?.id ?? null,
      label: grant?.label ?? null,
      names: (grant === undefined ? names?.only && [names.only] : grant.names && grant.given) ?? null,
      channels: channels === undefined ? null : [...channels],
      expires_at: grant?.expires_at ?? null,
      door,
      address,
      auth: hub.settings.auth.mode,
    };
  }),

  handle('tokens.issue', async ({ hub, note }, { role, names, channels, label, expires_in_sec }) => {
    const fresh = freshToken();
    const { outcome } = await hub.write('issueToken', {
      id: fresh.id,
      secret_sha256: fresh.secret_sha256,
      role,
      names_json: JSON.stringify(names),
      channels_json: channels === undefined ? null : JSON.stringify(channels),
      label: label ?? '',
      expires_in_sec,
    });
    await note([fresh.id, role, ...names].join(' '));
    return new Answer({ ...encodeToken(outcome), token: fresh.text }, 201);
  }),

  handle('tokens.list', async ({ hub }) => (await hub.store.tokens()).map(encodeToken)),

  handle('tokens.rotate', async ({ hub, note }, { id, grace_sec }) => {
    const fresh = freshToken(id);
    const { outcome } = await hub.write('rotateToken', { id, secret_sha256: fresh.secret_sha256, grace_sec });
    await note(id);
    return { ...encodeToken(outcome), token: fresh.text };
  }),

  handle('tokens.revoke', async ({ hub, note }, { id, forget }) => {
    const { outcome } = await hub.write('revokeToken', { id, forget });
    await note(forget ? `${id} forgotten` : id);
    return encodeToken(outcome);
  }),
];
