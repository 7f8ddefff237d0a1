/** The bytes that baselines send: a message and its frames as the protocol has them, without any of the rules. */
export interface BareMessage {
  id: number;
  from_agent: string;
  channel: string;
  body: string;
}

export function messageText({ id, from_agent, channel, body }: BareMessage): string {
  return JSON.stringify({
    id,
    ts: '2026-01-02T03:04:05Z',
    from_agent,
    to_agent: null,
    channel,
    kind: 'chat',
    body,
    attachments: [],
    reply_to: null,
    thread_id: null,
    metadata: {},
  });
}

/** Both frames take the message as JSON text, so that it is serialised once. */
export const pushFrame = (message: string): string => `{"jsonrpc":"2.0","method":"message","params":${message}}`;

export const answerFrame = (id: number, result: string): string => `{"jsonrpc":"2.0","id":${id},"result":${result}}`;

/** What a load generator calls on a baseline. */
export interface BareRequest {
  id: number;
  method: string;
  params: { agent_id?: string; from_agent?: string; body?: string };
}

export function sayReady(port: number): void {
  console.log(JSON.stringify({ ready: true, port, pid: process.pid }));
}
