/** Every parser that a stranger reaches takes anything: no crash, no hang, no fault of the hub's own (identity §2). */
import { connect } from 'node:net';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { parseInvite } from '../../client/credentials/invite-link.js';
import { HubError, holdsToken, parseToken, splitTarget, tokenText } from '../../protocol/index.js';
import { Names } from '../../server/access/names.js';
import { freshToken } from '../../server/access/secret.js';
import { parseCidr } from '../../server/listen/cidr.js';
import { type InProcessHub, startInProcess } from '../support/in-process.js';

const SEED = 20_261_127;
const check = <T>(property: fc.IProperty<T> | fc.IAsyncProperty<T>, numRuns: number) =>
  fc.assert(property as fc.IAsyncProperty<T>, { seed: SEED, numRuns });

/** Text that is nearly a token. */
const nearToken = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 120 }),
  fc.tuple(fc.string({ maxLength: 12 }), fc.string({ maxLength: 50 })).map(([id, secret]) => `arct_${id}_${secret}`),
  fc.constant('').map(() => freshToken().text),
);

describe('a parser', () => {
  it('knows a token, and nothing else for one', () => {
    const { text, id, secret } = freshToken();
    expect(parseToken(text)).toEqual({ id, secret });
    check(
      fc.property(nearToken, (given) => {
        const parsed = parseToken(given);
        if (parsed !== undefined) expect(tokenText(parsed)).toBe(given);
        expect(holdsToken(`x${given}x`)).toBe(holdsToken(given) || parsed !== undefined);
      }),
      2_000,
    );
  });

  it('refuses an invite that is none in words, and repeats no token', () => {
    check(
      fc.property(
        fc.oneof(
          nearToken,
          nearToken.map((token) => `arc://host:1?fp=x#${token}`),
        ),
        (given) => {
          try {
            expect(parseInvite(given).token).toMatch(/^arct_/);
          } catch (cause) {
            expect(cause).toBeInstanceOf(HubError);
            expect(holdsToken((cause as Error).message)).toBe(false);
          }
        },
      ),
      1_000,
    );
  });

  it('takes any names, ranges and targets', () => {
    const any = fc.string({ unit: 'binary', maxLength: 60 });
    check(
      fc.property(fc.array(any, { maxLength: 5 }), any, (names, name) => {
        const known = new Names(names);
        for (const each of names.filter((one) => !one.endsWith('*'))) expect(known.has(each)).toBe(true);
        expect(typeof known.has(name)).toBe('boolean');
        expect(parseCidr(name)?.address).not.toBe('');
        expect(splitTarget(name).path).not.toContain('?');
      }),
      2_000,
    );
  });
});

describe('a hub', () => {
  let hub: InProcessHub;
  beforeAll(async () => {
    hub = await startInProcess({ auth: 'required', trusted_proxy: ['127.0.0.1'] });
  });
  afterAll(() => hub[Symbol.asyncDispose]());
  const isAlive = async () => (await fetch(`${hub.hub.url}/healthz`)).status;

  /** What comes back for bytes; the connection is ended once they are sent. */
  const answerTo = (bytes: Uint8Array) =>
    new Promise<string>((resolve) => {
      const socket = connect(hub.hub.port, '127.0.0.1');
      let answer = '';
      socket.setEncoding('latin1').on('data', (text: string) => {
        answer += text;
      });
      socket.on('error', () => undefined).on('close', () => resolve(answer));
      socket.end(bytes);
    });

  it('answers any bytes, and none of them with a fault of its own', async () => {
    const own = hub.ownToken();
    const header = fc.string({
      unit: fc.integer({ min: 32, max: 255 }).map((code) => String.fromCharCode(code)),
      maxLength: 80,
    });
    const request = fc
      .record({
        method: fc.constantFrom('GET', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH'),
        path: fc.oneof(
          fc.constantFrom(
            '/v1/messages',
            '/v1/inbox/%ff',
            '/v1/threads/',
            '/v1/rpc',
            '/mcp/ana',
            '/v1/tokens',
            '/v1/audit?since=x',
          ),
          fc.webPath().map((path) => `/${path}`),
        ),
        authorization: fc.oneof(header, fc.constant(`Bearer ${own}`), fc.constant(`bearer   ${own}  `), nearToken),
        forwarded: header,
        body: fc.oneof(
          fc.string({ unit: 'binary', maxLength: 200 }),
          fc.json(),
          fc.constant('{"from_agent":"a","body":'),
        ),
      })
      .map(({ method, path, authorization, forwarded, body }) => {
        const content = Buffer.from(body);
        const clean = (text: string) => text.replace(/[\r\n\0]/g, '');
        const head =
          `${method} ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: ${clean(authorization)}\r\n` +
          `X-Forwarded-For: ${clean(forwarded)}\r\nContent-Length: ${content.length}\r\nConnection: close\r\n\r\n`;
        return Buffer.concat([Buffer.from(head, 'latin1'), content]);
      });
    const bytes = fc.oneof(
      request,
      fc.uint8Array({ maxLength: 300 }).map((raw) => Buffer.from(raw)),
    );
    await check(
      fc.asyncProperty(bytes, async (sent) => {
        const answer = await answerTo(sent);
        expect(answer).not.toMatch(/^HTTP\/1\.1 5/);
        expect(answer).not.toContain('internal error');
      }),
      400,
    );
    expect(await isAlive()).toBe(200);
  });

  it('answers any frame of a caller that it knows', async () => {
    const socket = new WebSocket(hub.wsUrl, ['arc.v1', `bearer.${hub.ownToken()}`]);
    await new Promise((resolve) => socket.once('open', resolve));
    const answers: string[] = [];
    socket.on('message', (data) => answers.push(String(data)));
    const frame = fc.oneof(
      fc.json(),
      fc
        .record({ jsonrpc: fc.constant('2.0'), id: fc.jsonValue(), method: fc.string(), params: fc.jsonValue() })
        .map((each) => JSON.stringify(each)),
      fc
        .record({
          id: fc.nat(),
          method: fc.constantFrom('messages.post', 'tokens.issue', 'audit.list', 'events.subscribe'),
          params: fc.dictionary(
            fc.constantFrom('names', 'role', 'channels', 'since', 'topics', 'body'),
            fc.jsonValue(),
          ),
        })
        .map((each) => JSON.stringify({ jsonrpc: '2.0', ...each })),
      fc.string({ unit: 'binary', maxLength: 100 }),
    );
    for (const sent of fc.sample(frame, { seed: SEED, numRuns: 500 })) socket.send(sent);
    const last = new Promise((resolve) => {
      socket.on('message', (data) => {
        if (String(data).includes('"id":"the last"')) resolve(undefined);
      });
    });
    socket.send('{"jsonrpc":"2.0","id":"the last","method":"hub.info"}');
    await last;
    expect(answers.filter((answer) => answer.includes('"code":"internal"'))).toEqual([]);
    socket.terminate();
    expect(await isAlive()).toBe(200);
  });
});
