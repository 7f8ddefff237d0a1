import { connect } from 'node:net';
import type { Clock } from '../../base/clock.js';
import { DispatchError } from '../errors.js';
import { encodeFrame, FrameDecoder } from './frames.js';

export interface Reply {
  readonly status: 'ok' | 'error';
  readonly result?: string;
  readonly error?: string;
  readonly [field: string]: unknown;
}

export interface CallOptions {
  readonly clock: Clock;
  readonly connectSec: number;
  /** For the reply, once connected. */
  readonly replySec: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * One request to the daemon.
 *
 * @returns null when nobody is there: only then may the request be made elsewhere
 * @throws {DispatchError} `backend`: the connection was lost or the reply late, so the work may have been done
 */
export function callDaemon(path: string, request: object, options: CallOptions): Promise<Reply | null> {
  const { clock, connectSec, replySec } = options;
  return new Promise((resolve, reject) => {
    const decoder = new FrameDecoder();
    const socket = connect(path);
    let isConnected = false;
    const finish = (end: () => void) => {
      timer.cancel();
      socket.destroy();
      end();
    };
    const lost = (why: string) => finish(() => reject(new DispatchError('backend', why)));
    let timer = clock.after(connectSec * 1_000, () => finish(() => resolve(null)));
    socket.once('connect', () => {
      isConnected = true;
      timer.cancel();
      timer = clock.after(replySec * 1_000, () => lost(`the daemon gave no answer in ${replySec}s`));
      socket.write(encodeFrame(request));
    });
    socket.on('data', (chunk) => {
      try {
        const [text] = decoder.push(chunk);
        if (text === undefined) return;
        const reply = JSON.parse(text) as Reply;
        finish(() => resolve(reply));
      } catch {
        lost('the daemon answered what cannot be read');
      }
    });
    const gone = () => (isConnected ? lost('IPC connection lost') : finish(() => resolve(null)));
    socket.once('error', gone).once('close', gone);
  });
}
