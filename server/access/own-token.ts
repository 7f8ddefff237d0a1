/** The operator's token for the account that the store belongs to (identity §5): so that local use needs no word. */
import { join } from 'node:path';
import { createPrivateFile, PrivateFileError, readPrivateFile, writePrivateFile } from '../../base/private-file.js';
import { TOKEN_FILE } from '../../protocol/index.js';
import { ConfigError } from '../config.js';
import type { HubLog } from '../domain/hub.js';
import type { Store } from '../domain/store.js';
import { freshToken } from './secret.js';
import type { TokenRegistry } from './token-registry.js';

/** A file, and the text in it; undefined where there is none. */
export interface OwnToken {
  readonly file: string;
  readonly held: string | undefined;
}

/**
 * @param folder of the store
 * @throws {ConfigError} there is a file of that name which cannot be trusted
 */
export function readOwnToken(folder: string): OwnToken {
  const file = join(folder, TOKEN_FILE);
  try {
    return { file, held: readPrivateFile(file)?.trim() };
  } catch (cause) {
    if (cause instanceof PrivateFileError) throw new ConfigError(`the token of this account: ${cause.message}`);
    throw cause;
  }
}

/** Makes sure that the file beside the store holds a token that works. */
export async function ensureOwnToken(
  tokens: Pick<TokenRegistry, 'verify'>,
  store: Pick<Store, 'write'>,
  { file, held }: OwnToken,
  log: HubLog,
): Promise<void> {
  if (held !== undefined && works(tokens, held)) return;
  const { id, secret_sha256, text } = freshToken();
  const ofOperator = { role: 'operator', names_json: '[]', channels_json: null, expires_in_sec: undefined };
  await store.write('issueToken', { id, secret_sha256, ...ofOperator, label: 'the account of the store' });
  if (held === undefined) createPrivateFile(file, `${text}\n`);
  else writePrivateFile(file, `${text}\n`);
  log.info({ token_file: file, token_id: id }, 'callers need a token; the one for this account lies beside the store');
}

function works(tokens: Pick<TokenRegistry, 'verify'>, text: string): boolean {
  try {
    return tokens.verify(text).role === 'operator';
  } catch {
    return false;
  }
}
