/** The descriptions of the API for programs: made from the operations table, current, and valid. */
import { execFile } from 'node:child_process';
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Parser } from '@asyncapi/parser';
import { Validator } from '@seriousme/openapi-schema-validator';
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
    expect(described.sort()).toEqual([...twins.map(({ name }) => name), 'events.stream'].sort());
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
  it('passes a public validator', async () => {
    const { document, diagnostics } = await new Parser().parse(JSON.stringify(asyncApi(packageVersion())));
    expect(diagnostics.filter(({ severity }) => severity === 0)).toEqual([]);
    expect(document?.operations().all().length).toBeGreaterThan(Object.keys(OPERATIONS).length);
  }, 60_000);
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
      await runIn(folder, 'node_modules/.bin/tsc', ...strict, '--target', 'es2022', 'api.ts', 'use.ts');
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
