import { Agent, type IncomingHttpHeaders, request } from 'node:http';

export interface HttpAnswer<Result = unknown> {
  status: number;
  headers: IncomingHttpHeaders;
  /** The body as it came; numbers beyond 2^53 can be compared here only. */
  text: string;
  /** The envelope of arc-v1 §2.2. */
  body: { ok: boolean; result: Result; error?: string; acquired?: boolean; deduplicated?: boolean };
}

/** One keep-alive connection to a hub: requests made at once follow each other on it. */
export class HttpClient implements Disposable {
  readonly #url: string;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 });

  constructor(url: string) {
    this.#url = url;
  }

  /** Sends a request and reads its answer; rejects when the connection breaks or the answer is no strict JSON. */
  call<Result = unknown>(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<HttpAnswer<Result>> {
    const text = body === undefined ? '' : JSON.stringify(body);
    return new Promise((resolve, reject) => {
      const outgoing = request(
        `${this.#url}${path}`,
        {
          method,
          agent: this.#agent,
          headers:
            text === ''
              ? headers
              : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text), ...headers },
        },
        (incoming) => {
          let answer = '';
          incoming.setEncoding('utf8').on('data', (part: string) => {
            answer += part;
          });
          incoming.once('error', reject);
          incoming.once('close', () => {
            if (!incoming.complete) return reject(new Error('the connection broke within an answer'));
            try {
              resolve({
                status: incoming.statusCode ?? 0,
                headers: incoming.headers,
                text: answer,
                body: JSON.parse(answer),
              });
            } catch (cause) {
              reject(new Error(`${method} ${path} answered no JSON: ${answer.slice(0, 200)}`, { cause }));
            }
          });
        },
      );
      outgoing.once('error', reject);
      // As bytes: joined to a text, headers would be sent as UTF-8 and not as the Latin-1 that they are.
      outgoing.end(Buffer.from(text));
    });
  }

  /** The `result` of a call that must succeed. */
  async result<Result = unknown>(method: string, path: string, body?: unknown): Promise<Result> {
    const answer = await this.call<Result>(method, path, body);
    if (!answer.body.ok) throw new Error(`${method} ${path} answered ${answer.status}: ${answer.body.error}`);
    return answer.body.result;
  }

  [Symbol.dispose](): void {
    this.#agent.destroy();
  }
}
