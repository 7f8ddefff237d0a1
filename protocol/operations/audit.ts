/** What was done or refused that an operator should be able to look up (identity §9). */
import { z } from 'zod';
import { AuditEntry } from '../entities.js';
import { beforeId, limitField, queryFlag, queryText, rest, sinceId } from '../fields.js';
import { operation } from '../operation.js';

export const auditList = operation({
  name: 'audit.list',
  kind: 'read',
  access: 'keep',
  summary: 'The audit, ascending by id; with `tail` the last lines of it',
  rest: { method: 'GET', path: '/v1/audit', statuses: [200] },
  input: (limits) =>
    z.strictObject({
      since_id: sinceId(),
      before_id: beforeId(),
      limit: limitField(limits),
      tail: queryFlag(),
      /** `YYYY-MM-DDTHH:MM:SSZ`: lines from then on. */
      since: rest(
        'raw_text',
        z
          .string()
          .refine((text) => !Number.isNaN(Date.parse(text)), { error: 'must be a time such as 2026-01-31T12:00:00Z' })
          .optional(),
      ),
      operation: queryText(limits.max_name_chars),
    }),
  output: z.array(AuditEntry),
});
