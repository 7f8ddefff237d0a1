/** The descriptions of the API for programs: made from the operations table, current, and valid. */
import { execFile } from 'node:child_process';
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import specs from '@asyncapi/specs';
import { Validator } from '@seriousme/openapi-schema-validator';
import { Ajv, type AnySchemaObject } from 'ajv';
import addFormats from 'ajv-formats';
import { describe, expect, it } from 'vitest';
import { packageVersion } from '../../cli/version.js';
import { asyncApi } from '../../protocol/description/asyncapi.js';
import { openApi } from '../../protocol/description/openapi.js';
import { OPERATIONS, type Operation } from '../../protocol/index.js';
import { startHub } from '../support/hub-process.js';

const DOCUMENTS = [
  ['docs/protocol/openapi.json', openApi],
  ['docs/protocol/asyncapi.json', asyncApi],
] as const;

describe.each(DOCUMENTS)('%s', (path, make) => {
  it('is what follows from the operations table (npm run docs writes it)', () => {
    const current = `${JSON.stringify(make(packageVersion()), null, 2)}\n`;
    if (process.env.UPDATE_DOCS !== undefined) writeFileSync(path, current);
    else expect(readFileSync(path, 'utf8')).toBe(current);
  });
});

describe('OpenAPI', () => {
  it('passes a public validator', async () => {
    const { valid, errors } = await new Validator().validate(openApi(packageVersion()));
    expect(errors ?? []).toEqual([]);
    expect(valid).toBe(true);
  });

  it('has every operation that has a REST twin', () => {
    const { paths } = openApi('1') as { paths: Record<string, Record<string, { operationId: string }>> };
    const described = Object.values(paths).flatMap((path) => Object.values(path).map(({ operationId }) => operationId));
    const twins = (Object.values(OPERATIONS) as Operation[]).filter(({ rest }) => rest !== undefined);
    expect(described.sort()).toEqual(twins.map(({ name }) => name).sort());
  });

  it('is served by the hub', async () => {
    await using hub = await startHub();
    const answer = await fetch(`${hub.url}/v1/openapi.json`);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('X-Arc-Instance')).toBe(hub.instance_id);
    expect(await answer.json()).toEqual(JSON.parse(JSON.stringify(openApi(packageVersion()))));
  });
});

describe('AsyncAPI', () => {
  const document = JSON.parse(JSON.stringify(asyncApi(packageVersion()))) as AsyncApi;
  const operations = Object.entries(document.operations);

  it('passes the schema that its makers publish', () => {
    const ajv = new Ajv({ strict: false, allErrors: true });
    addFormats.default(ajv);
    const isValid = ajv.compile(specs.schemasWithoutId['3.0.0'] as AnySchemaObject);
    isValid(document);
    expect(isValid.errors ?? []).toEqual([]);
    // The schema is one that can be failed.
    expect(
      isValid({ ...document, operations: { shout: { action: 'shout', channel: { $ref: '#/channels/hub' } } } }),
    ).toBe(false);
  });

  it('refers to nothing that is not there, and to messages of the channel that it names', () => {
    for (const pointer of refsIn(document)) expect(resolve(document, pointer), pointer).toBeTypeOf('object');
    const exchanges = operations.flatMap(([, { reply, ...request }]) => [
      request,
      ...(reply === undefined ? [] : [reply]),
    ]);
    for (const { channel, messages } of exchanges) {
      for (const { $ref } of messages) expect($ref.startsWith(`${channel.$ref}/messages/`), $ref).toBe(true);
    }
  });

  it('describes what is said in JSON Schema of the draft that AsyncAPI takes', () => {
    const ajv = new Ajv({ strictTypes: false, strictRequired: false });
    addFormats.default(ajv);
    // What stands beside the schemas in the same document.
    ajv.addVocabulary(Object.keys(document));
    ajv.addSchema(document as unknown as AnySchemaObject, 'document');
    const said = Object.keys(document.channels.hub?.messages ?? {});
    expect(said.length).toBeGreaterThan(2 * Object.keys(OPERATIONS).length);
    for (const name of said) ajv.compile({ $ref: `document#/channels/hub/messages/${name}/payload` });
    const isOpen = ajv.compile({ $ref: 'document#/channels/hub/messages/sessions.open.request/payload' });
    const open = { jsonrpc: '2.0', id: 1, method: 'sessions.open', params: { agent_id: 'ana' } };
    expect(isOpen(open)).toBe(true);
    expect(isOpen({ ...open, params: { agent_id: 7 } })).toBe(false);
  });

  it('has every operation', () => {
    const rows = (Object.values(OPERATIONS) as Operation[]).filter(({ kind }) => kind !== 'stream');
    expect(operations.map(([name]) => name)).toEqual(expect.arrayContaining(rows.map(({ name }) => name)));
  });

  interface Ref {
    $ref: string;
  }
  interface Exchange {
    channel: Ref;
    messages: Ref[];
  }
  interface AsyncApi {
    channels: Record<string, { messages: Record<string, unknown> }>;
    operations: Record<string, Exchange & { reply?: Exchange }>;
  }

  function refsIn(value: unknown): string[] {
    if (typeof value !== 'object' || value === null) return [];
    return Object.entries(value).flatMap(([key, member]) =>
      key === '$ref' && typeof member === 'string' ? [member] : refsIn(member),
    );
  }

  function resolve(root: unknown, pointer: string): unknown {
    const [start, ...steps] = pointer.split('/');
    if (start !== '#') return undefined;
    return steps.reduce<unknown>((at, step) => (at as Record<string, unknown> | undefined)?.[step], root);
  }
});

describe('types made from the OpenAPI description', () => {
  const FOLDER = fileURLToPath(new URL('openapi-types', import.meta.url));
  const runIn = (cwd: string, command: string, ...words: string[]) => promisify(execFile)(command, words, { cwd });

  // openapi-typescript needs an older TypeScript than this project; the two do not share a folder.
  it('compile, and know the API', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'arc-openapi-'));
    try {
      for (const file of ['package.json', 'package-lock.json']) copyFileSync(join(FOLDER, file), join(folder, file));
      writeFileSync(join(folder, 'openapi.json'), JSON.stringify(openApi(packageVersion())));
      writeFileSync(join(folder, 'use.ts'), USE);
      await runIn(folder, 'npm', 'ci', '--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error');
      await runIn(folder, 'node_modules/.bin/openapi-typescript', 'openapi.json', '-o', 'api.ts');
      const strict = ['--noEmit', '--strict', '--exactOptionalPropertyTypes', '--skipLibCheck', 'false'];
      // Types that lie about in a folder above are none of its business.
      const alone = ['--typeRoots', 'none'];
      await runIn(folder, 'node_modules/.bin/tsc', ...strict, ...alone, '--target', 'es2022', 'api.ts', 'use.ts');
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }, 120_000);

  const USE = `
import type { components, operations } from './api';
const post: operations['messages.post']['requestBody']['content']['application/json'] = { from_agent: 'ana', body: 'hi' };
type Posted = operations['messages.post']['responses'][201]['content']['application/json'];
export const idOf = (answer: Posted): number => answer.result.id;
export const holder = (claim: components['schemas']['Claim']): string => claim.owner_agent_id;
// @ts-expect-error: a kind that does not exist
post.kind = 'shout';
// @ts-expect-error: ids are numbers
post.reply_to = '7';
`;
});
