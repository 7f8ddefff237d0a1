import type { RequestHandlerExtra } from '@modelcontextprotocol/sdk/shared/protocol.js';
import type { ServerNotification, ServerRequest } from '@modelcontextprotocol/sdk/types.js';
import type { Clock, Timer } from '../../base/clock.js';

const EVERY_MS = 2_000;

/**
 * Tells a host that asked for it how long a call has been waiting, at once and then every 2 s.
 *
 * @param waitSec how long the call may wait; nothing is told of one that answers at once
 * @returns call it when the call has ended
 */
export function reportProgress(
  { _meta, sendNotification }: RequestHandlerExtra<ServerRequest, ServerNotification>,
  waitSec: number,
  clock: Clock,
): () => void {
  const progressToken = _meta?.progressToken;
  if (progressToken === undefined || waitSec <= 0) return () => undefined;
  const startedMs = clock.monotonicMs();
  let timer: Timer | undefined;
  const tell = () => {
    const progress = Math.min(waitSec, (clock.monotonicMs() - startedMs) / 1_000);
    const params = { progressToken, progress, total: waitSec, message: 'waiting' };
    sendNotification({ method: 'notifications/progress', params }).catch(() => undefined);
    timer = clock.after(EVERY_MS, tell);
  };
  tell();
  return () => timer?.cancel();
}
