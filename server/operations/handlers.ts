import { auditOperations } from './audit.js';
import { channelOperations } from './channels.js';
import { eventOperations } from './events.js';
import { hubOperations } from './hub.js';
import { leaseOperations } from './leases.js';
import { messageOperations } from './messages.js';
import { searchOperations } from './search.js';
import { sessionOperations } from './sessions.js';
import { taskOperations } from './tasks.js';
import { threadOperations } from './threads.js';
import { tokenOperations } from './tokens.js';

/** A handler for every row of the operations table. */
export const HANDLERS = [
  ...sessionOperations,
  ...channelOperations,
  ...messageOperations,
  ...searchOperations,
  ...eventOperations,
  ...threadOperations,
  ...leaseOperations,
  ...taskOperations,
  ...hubOperations,
  ...tokenOperations,
  ...auditOperations,
];
