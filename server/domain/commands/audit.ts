import type { NewAuditRow } from '../rows.js';
import type { Tx } from '../tx.js';

export const auditCommands = {
  addAudit(tx: Tx, { lines }: { lines: readonly NewAuditRow[] }): Record<string, never> {
    for (const line of lines) {
      const row = tx.tables.audit.add(line);
      tx.changed({ topic: 'audit', change: row.count === line.count ? 'added' : 'counted', row });
    }
    tx.tables.audit.prune(tx.nowMs);
    return {};
  },
};
