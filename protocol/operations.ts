/**
 * The operations table: all that any door serves (websocket §3). A new operation is a row here and a handler in
 * `server/operations/`; every door, the clients and the documents follow from it.
 */
import { auditList } from './operations/audit.js';
import { channelsCreate, channelsList } from './operations/channels.js';
import { eventsAck, eventsCursor, eventsStream, eventsSubscribe, eventsUnsubscribe } from './operations/events.js';
import {
  bootstrap,
  hubInfo,
  hubNetwork,
  hubShutdownCancel,
  hubShutdownGet,
  hubShutdownStart,
  hubStats,
} from './operations/hub.js';
import {
  claimsAcquire,
  claimsList,
  claimsRefresh,
  claimsRelease,
  locksAcquire,
  locksList,
  locksRefresh,
  locksRelease,
} from './operations/leases.js';
import { eventsList, inboxList, messagesGet, messagesList, messagesPost, rpcCall } from './operations/messages.js';
import { messagesSearch } from './operations/search.js';
import { agentsList, sessionsClose, sessionsHeartbeat, sessionsOpen, sessionsRename } from './operations/sessions.js';
import { tasksComplete, tasksList } from './operations/tasks.js';
import { threadsGet, threadsList } from './operations/threads.js';
import { tokensIssue, tokensList, tokensRevoke, tokensRotate, tokensWhoami } from './operations/tokens.js';

export const OPERATIONS = {
  'sessions.open': sessionsOpen,
  'sessions.rename': sessionsRename,
  'sessions.close': sessionsClose,
  'sessions.heartbeat': sessionsHeartbeat,
  'agents.list': agentsList,
  'channels.list': channelsList,
  'channels.create': channelsCreate,
  'messages.post': messagesPost,
  'messages.get': messagesGet,
  'messages.list': messagesList,
  'messages.search': messagesSearch,
  'inbox.list': inboxList,
  'events.list': eventsList,
  'events.stream': eventsStream,
  'events.subscribe': eventsSubscribe,
  'events.unsubscribe': eventsUnsubscribe,
  'events.ack': eventsAck,
  'events.cursor': eventsCursor,
  'threads.list': threadsList,
  'threads.get': threadsGet,
  'claims.acquire': claimsAcquire,
  'claims.refresh': claimsRefresh,
  'claims.release': claimsRelease,
  'claims.list': claimsList,
  'locks.acquire': locksAcquire,
  'locks.refresh': locksRefresh,
  'locks.release': locksRelease,
  'locks.list': locksList,
  'tasks.list': tasksList,
  'tasks.complete': tasksComplete,
  'rpc.call': rpcCall,
  bootstrap,
  'hub.info': hubInfo,
  'hub.stats': hubStats,
  'hub.shutdown.get': hubShutdownGet,
  'hub.shutdown.start': hubShutdownStart,
  'hub.shutdown.cancel': hubShutdownCancel,
  'hub.network': hubNetwork,
  'tokens.whoami': tokensWhoami,
  'tokens.issue': tokensIssue,
  'tokens.list': tokensList,
  'tokens.rotate': tokensRotate,
  'tokens.revoke': tokensRevoke,
  'audit.list': auditList,
} as const;

export type Operations = typeof OPERATIONS;
export type OperationName = keyof Operations;
