/** No secret of a token is found in anything that the hub writes or says (identity §2). */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { HubClient } from '../../client/index.js';
import { TOKEN_FILE } from '../../protocol/index.js';
import { startHub } from '../support/hub-process.js';
import { RawSocket } from '../support/raw-socket.js';

/** Every file below a folder, as bytes. */
function* filesBelow(folder: string): Generator<readonly [string, Buffer]> {
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    if (statSync(path).isDirectory()) yield* filesBelow(path);
    else if (statSync(path).isFile()) yield [path, readFileSync(path)];
  }
}

it('is told once, and stands nowhere', async () => {
  await using hub = await startHub({ args: ['--auth', 'required'] });
  const own = readFileSync(join(hub.folder, TOKEN_FILE), 'utf8').trim();
  await using operator = await HubClient.connect(undefined, { baseUrl: hub.url, token: own });
  const said: unknown[] = [];
  const subscription = operator.subscribe({
    topics: ['token', 'audit', 'hub'],
    onChange: (change) => said.push(change),
  });
  await subscription.ready;
  const issued = await operator.issueToken({ names: ['ana'], label: 'for the test' });
  const rotated = await operator.rotateToken(issued.id);
  const wrong = `${issued.token.slice(0, 16)}${'w'.repeat(43)}`;
  const tokens = [own, issued.token, rotated.token, wrong];

  // Used, misused and refused at every door.
  for (const token of tokens) {
    const headers = { Authorization: `Bearer ${token}` };
    for (const path of [
      '/v1/hub-info',
      '/v1/stats',
      '/v1/nothing',
      `/v1/channels?token=${token}`,
      `/v1/threads/${token}`,
    ]) {
      said.push(await (await fetch(`${hub.url}${path}`, { headers })).text());
    }
    const broken = { method: 'POST', headers, body: `{"from_agent": "${'x'.repeat(10)}", "body": ` };
    said.push(await (await fetch(`${hub.url}/v1/messages`, broken)).text());
    said.push(await (await fetch(`${hub.url}/mcp/ana`, { method: 'POST', headers, body: '{}' })).text());
    await using client = HubClient.overHttp('ana', { baseUrl: hub.url, token });
    said.push(await client.post('nowhere', 'x').catch((cause: Error) => `${cause.message}\n${cause.stack}`));
  }
  await RawSocket.open(hub.wsUrl).catch(() => undefined);
  await operator.revokeToken(issued.id);
  said.push(
    await operator.tokens(),
    await operator.audit({ limit: 500 }),
    await operator.stats(),
    await operator.hubInfo(),
  );
  const cmdline = process.platform === 'linux' ? readFileSync(`/proc/${hub.pid}/cmdline`, 'utf8') : '';
  said.push(cmdline, spawnSync('ps', ['ax', '-o', 'args']).stdout?.toString() ?? '');
  await subscription.close();
  await hub.stop();
  said.push(hub.stdout, hub.stderr);

  const text = JSON.stringify(said);
  expect(text).toContain(issued.id);
  const secretOf = (token: string) => token.slice(16);
  for (const token of tokens)
    expect([token.slice(0, 15), text.includes(secretOf(token))]).toEqual([token.slice(0, 15), false]);
  for (const [path, bytes] of filesBelow(hub.folder)) {
    const held = tokens.filter((token) => bytes.includes(secretOf(token)));
    expect([path, held]).toEqual([path, path.endsWith(TOKEN_FILE) ? [own] : []]);
  }
});
