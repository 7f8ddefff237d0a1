import { systemClock } from '../../base/clock.js';
import { freshToken } from '../../server/access/secret.js';
import { SqliteStore } from '../../server/store/sqlite/sqlite-store.js';
import type { InProcessHub } from './in-process.js';

/** Another process of the same account, which has the file and no token. */
export async function storeOf({ hub }: InProcessHub) {
  const store = new SqliteStore({
    path: hub.storage_path,
    durability: 'normal',
    clock: systemClock,
    onError: console.error,
  });
  return {
    async issue(names: string[]) {
      const fresh = freshToken();
      const { id, secret_sha256 } = fresh;
      const rest = { role: 'agent', channels_json: null, label: '', expires_in_sec: undefined };
      await store.write('issueToken', { id, secret_sha256, names_json: JSON.stringify(names), ...rest });
      return fresh;
    },
    [Symbol.asyncDispose]: () => store.close(),
  };
}
