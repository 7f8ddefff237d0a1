import { encodeAudit } from '../domain/encode.js';
import { handle } from './context.js';

export const auditOperations = [
  handle('audit.list', async ({ hub, audit }, page) => {
    await audit.flush();
    return (await hub.store.audit(page)).map(encodeAudit);
  }),
];
