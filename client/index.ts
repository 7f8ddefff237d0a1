/** The client library: `import { HubClient } from 'arc-hub'`. */

export type { BackOffOptions } from '../base/back-off.js';
export type { Clock } from '../base/clock.js';
export type {
  Attachment,
  Bootstrap,
  Channel,
  Claim,
  ClaimGrant,
  ErrorCode,
  HubInfo,
  Lock,
  LockGrant,
  Message,
  MessageKind,
  OperationName,
  PostResult,
  Session,
  Stats,
  Task,
  Thread,
  ThreadDetail,
  Topic,
} from '../protocol/index.js';
export { HubError } from '../protocol/index.js';
export type { AccessOptions } from './access.js';
export type { TopicChange } from './changes.js';
export {
  type ConnectOptions,
  HubClient,
  type OverHttpOptions,
  type OverRelayOptions,
  type PollOptions,
  type QuickstartOptions,
  type SessionOptions,
} from './hub-client.js';
export type { AskOptions, CallOptions, PostOptions, WriteOptions } from './hub-operations.js';
export type { ParamsOf, ResultOf } from './operation-params.js';
export type { JobContext, LogLevel, ServeOptions, Tool, Tools } from './serve.js';
export { type SubscribeOptions, Subscription } from './subscription.js';
export type {
  ClientEvents,
  ConnectionState,
  Feed,
  FeedRequest,
  FeedSink,
  StateChange,
  SubscribedAt,
  Transport,
  TransportCallOptions,
} from './transport.js';
