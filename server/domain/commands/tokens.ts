import { timestamp } from '../../../base/clock.js';
import { HubError } from '../../../protocol/index.js';
import type { TokenRow } from '../rows.js';
import type { Tx } from '../tx.js';

export type IssueToken = Pick<TokenRow, 'id' | 'secret_sha256' | 'role' | 'names_json' | 'channels_json' | 'label'> & {
  /** Undefined: it does not end by itself. */
  readonly expires_in_sec: number | undefined;
};

export const tokenCommands = {
  issueToken(tx: Tx, { expires_in_sec, ...token }: IssueToken): TokenRow {
    const row: TokenRow = {
      ...token,
      old_secret_sha256: null,
      old_until: null,
      issued_at: tx.now,
      expires_at: expires_in_sec === undefined ? null : timestamp(tx.nowMs + expires_in_sec * 1_000),
      last_used_at: null,
      revoked_at: null,
    };
    tx.tables.tokens.insert(row);
    tx.changed({ topic: 'token', change: 'issued', row });
    return row;
  },

  /** @throws {HubError} `not_found`; `conflict`: it is revoked */
  rotateToken(tx: Tx, { id, secret_sha256, grace_sec }: { id: string; secret_sha256: string; grace_sec: number }) {
    const current = mustHave(tx, id);
    if (current.revoked_at !== null) throw new HubError('conflict', `token ${id} is revoked: issue another`);
    const row: TokenRow = {
      ...current,
      secret_sha256,
      old_secret_sha256: grace_sec > 0 ? current.secret_sha256 : null,
      old_until: grace_sec > 0 ? timestamp(tx.nowMs + grace_sec * 1_000) : null,
    };
    tx.tables.tokens.update(row);
    tx.changed({ topic: 'token', change: 'rotated', row });
    return row;
  },

  /**
   * @param forget its names are no longer guarded either
   * @throws {HubError} `not_found`
   */
  revokeToken(tx: Tx, { id, forget }: { id: string; forget: boolean }): TokenRow {
    const current = mustHave(tx, id);
    const row: TokenRow = {
      ...current,
      old_secret_sha256: null,
      old_until: null,
      revoked_at: current.revoked_at ?? tx.now,
      names_json: forget ? '[]' : current.names_json,
    };
    tx.tables.tokens.update(row);
    tx.changed({ topic: 'token', change: 'revoked', row });
    return row;
  },

  /** When tokens were used last. */
  useTokens(tx: Tx, { uses }: { uses: readonly (readonly [id: string, used_ms: number])[] }): Record<string, never> {
    for (const [id, usedMs] of uses) tx.tables.tokens.used(id, timestamp(usedMs));
    return {};
  },
};

function mustHave(tx: Tx, id: string): TokenRow {
  const row = tx.tables.tokens.get(id);
  if (row === undefined) throw new HubError('not_found', `no token has the id ${id}`);
  return row;
}
