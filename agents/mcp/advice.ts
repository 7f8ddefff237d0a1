/** What a model reads when a call fails: what went wrong, in the hub's words, and what to do next. */
import { HubError } from '../../protocol/index.js';
import { ArgumentError } from './tool.js';

export interface Circumstances {
  readonly tool: string;
  /** Where the hub was looked for. */
  readonly hubAt: string;
  /** Whether the hub answered the last time. */
  readonly reachable: boolean;
}

export function explain(cause: unknown, circumstances: Circumstances): string {
  if (cause instanceof ArgumentError)
    return `${cause.message}\nGive ${circumstances.tool} this argument and call again.`;
  const error = HubError.from(cause);
  const next = nextStep(error, circumstances);
  return next === undefined ? error.message : `${error.message}\n${next}`;
}

function nextStep(error: HubError, { tool, hubAt, reachable }: Circumstances): string | undefined {
  const { code, message, details } = error;
  if (code === 'unavailable' || (code === 'timeout' && !reachable)) {
    return `No hub answers at ${hubAt}. Do not start one inside a sandbox; ask your operator to run \`arc serve\`, then call again.`;
  }
  if (code === 'unauthorized') {
    return 'Do not try again with the same token: ask your operator for a new one (arc invite, then arc join; or ARC_TOKEN).';
  }
  if (details?.cancelled === true) return undefined;
  if (code === 'timeout' && tool === 'arc_rpc_call') {
    const { request_id } = details ?? {};
    const request =
      typeof request_id === 'number' ? `The request stays open as task ${request_id}` : 'The request stays open';
    return `${request}: a late result arrives as a message (arc_inbox). See who is here with arc_list_agents.`;
  }
  if (message.startsWith('channel')) return 'Create the channel with arc_create_channel, or use general.';
  if (message.includes('not owned') || message.includes('not held')) {
    return 'You do not hold it (any more); arc_coordinate list shows who does.';
  }
  if (message === 'task not found') return 'arc_coordinate list shows the open tasks.';
  if (code === 'too_large' || message === 'body exceeds max size') return 'Say it shorter, or in several messages.';
  if (code === 'rate_limited') return 'Wait a few seconds, then call again.';
  if (code === 'internal') return 'The cause is in the log of the hub; tell your operator.';
  return undefined;
}
