import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { ollama } from '../../dispatch/backends/ollama.js';
import { mergeEnvFile } from '../../dispatch/config/env-file.js';
import { Dispatcher } from '../../dispatch/run/dispatcher.js';
import { groundOf } from './support/ground.js';
import { TestHome } from './support/home.js';

type Answering = (request: IncomingMessage, response: ServerResponse, body: string) => void;

const saying =
  (content: unknown, usage?: object): Answering =>
  (_request, response) =>
    void response.end(JSON.stringify({ choices: [{ message: { content } }], usage }));

async function setUp(answer: Answering = saying('pong')) {
  const home = new TestHome();
  const seen: { url: string | undefined; body: string; authorization: string | undefined }[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => (body += chunk));
    request.on('end', () => {
      seen.push({ url: request.url, body, authorization: request.headers.authorization });
      answer(request, response, body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}/v1`;
  home.config(
    `ollama:\n  endpoints:\n    local:\n      url: ${url}/\n    gpu:\n      url: ${url}\n      api_key_env: GPU_KEY\n`,
  );
  home.agent(
    'local',
    `workspace: ${home.workspace}\nmodel: ollama/llama3\nsystem_prompt_files: [SOUL.md]\nlocal_context_files: [a.md, b.md]\n`,
  );
  for (const [name, text] of [
    ['SOUL.md', 'kind'],
    ['a.md', 'A'],
    ['b.md', 'B'],
  ])
    home.file(String(name), String(text));
  mergeEnvFile(home.home, { GPU_KEY: 'k3y' });
  const ground = groundOf(home);
  return {
    ...{ home, seen, url, ground, server },
    ask: (more: object = {}) => new Dispatcher(ground).dispatch({ agent: 'local', prompt: 'ping', ...more }),
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      home[Symbol.dispose]();
    },
  };
}

describe('Ollama (dispatch §7)', () => {
  it('asks with system prompt, references and prompt, in this order', async () => {
    await using at = await setUp(saying('pong', { prompt_tokens: 7, completion_tokens: 2 }));
    const outcome = await at.ask();
    expect(outcome).toMatchObject({
      status: 'ok',
      result: 'pong',
      dispatch_type: 'ollama',
      tokens_in: 7,
      tokens_out: 2,
    });
    expect(outcome).not.toHaveProperty('session');
    expect(at.seen).toMatchObject([{ url: '/v1/chat/completions', authorization: undefined }]);
    expect(JSON.parse(at.seen[0]?.body ?? '')).toEqual({
      model: 'llama3',
      messages: [
        { role: 'system', content: '# SOUL.md\n\nkind' },
        { role: 'system', content: 'Reference files:\n\n--- a.md ---\nA\n\n--- b.md ---\nB' },
        { role: 'user', content: 'ping' },
      ],
      stream: false,
    });
  });

  it('asks a named endpoint, with its key', async () => {
    await using at = await setUp();
    expect(await at.ask({ model: 'ollama/gpu/org/big' })).toMatchObject({ status: 'ok' });
    expect(at.seen).toMatchObject([{ authorization: 'Bearer k3y' }]);
    expect(JSON.parse(at.seen[0]?.body ?? '').model).toBe('org/big');
  });

  it('names the endpoints that there are', async () => {
    await using at = await setUp();
    expect(await at.ask({ model: 'ollama/org/big' })).toMatchObject({
      error:
        "Unknown Ollama endpoint 'org'. Configured: local, gpu. For a model called org/big, write ollama/<endpoint>/org/big.",
    });
    expect(await at.ask({ model: 'ollama/constructor/x' })).toMatchObject({ status: 'error' });
  });

  it.each<[string, Answering, string]>([
    ['500', (_q, r) => void r.writeHead(500).end('x'.repeat(900)), `Ollama returned HTTP 500: ${'x'.repeat(500)}`],
    [
      'a redirect',
      (_q, r) => void r.writeHead(307, { location: 'http://127.0.0.1:1/' }).end(),
      'Ollama returned HTTP 307: it names another address, which is not followed',
    ],
    ['no JSON', (_q, r) => void r.end('<html>'), 'Ollama answered no JSON: <html>'],
    ['null', saying(null), 'Ollama answered without a text (choices[0].message.content)'],
    ['nothing', (_q, r) => void r.end('{}'), 'Ollama answered without a text (choices[0].message.content)'],
    ['JSON null', (_q, r) => void r.end('null'), 'Ollama answered without a text (choices[0].message.content)'],
  ])('tells of a failure: %s', async (_name, answer, error) => {
    await using at = await setUp(answer);
    expect(await at.ask()).toMatchObject({ status: 'error', code: 'backend', error });
  });

  it('gives up in time', async () => {
    await using at = await setUp(() => undefined);
    expect(await at.ask({ timeout_s: 1 })).toMatchObject({ code: 'timeout', error: 'Ollama timed out after 1s' });
  });

  it('says that nobody is there', async () => {
    await using at = await setUp();
    await new Promise((resolve) => at.server.close(resolve));
    expect(await at.ask()).toMatchObject({ error: `Cannot connect to Ollama at ${at.url}. Is Ollama running?` });
  });

  it('names the largest file of a context that is too large', async () => {
    await using at = await setUp();
    at.home.file('b.md', 'x'.repeat(300_000));
    expect(await at.ask()).toMatchObject({ error: expect.stringContaining('the largest part is b.md (300000 bytes)') });
    expect(at.seen).toEqual([]);
  });

  it('is looked at by its base URL', async () => {
    await using at = await setUp((_request, response) => void response.end('Ollama is running'));
    const base = at.url.replace('/v1', '');
    expect(await ollama.check(at.ground, new AbortController().signal)).toEqual([
      { what: 'ollama:local', ok: true, detail: base },
      { what: 'ollama:gpu', ok: true, detail: base },
    ]);
    expect(at.seen).toMatchObject([{ url: '/' }, { url: '/' }]);
  });
});
