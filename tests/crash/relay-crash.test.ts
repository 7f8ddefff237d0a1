/**
 * kill -9 of the hub while requests lie in its spool, are taken, executed, answered: after the restart every request has
 * one answer and was done once (websocket §7, arc-v1 §12 E5). `CRASH_SEED=… RELAY_CRASH_ROUNDS=200` repeat and prolong it.
 */
import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { HttpClient } from '../support/http-client.js';
import { startHub } from '../support/hub-process.js';
import { seeded } from '../support/seeded.js';
import { until } from '../support/until.js';

const SEED = Number(process.env.CRASH_SEED ?? Date.now() % 1_000_000);
const ROUNDS = Number(process.env.RELAY_CRASH_ROUNDS ?? 8);
const AGENTS = 4;
const REQUESTS = 6;
/** Long enough for all requests of a round to be answered, so that crashes come before, within and after. */
const LATEST_CRASH_MS = 25;

interface Envelope {
  ok: boolean;
  status: number;
  body: { result: { id: number } };
}

describe('kill -9 of the hub while it serves its spool', () => {
  it(`answers every request once, ${ROUNDS} times over (seed ${SEED})`, async () => {
    const random = seeded(SEED);
    await using hub = await startHub();
    const spool = join(hub.folder, 'spool');
    const agents = Array.from({ length: AGENTS }, (_, n) => `agent-${n}`);
    for (const agent of agents) {
      mkdirSync(join(spool, 'requests', agent), { recursive: true });
      mkdirSync(join(spool, 'responses', agent), { recursive: true });
    }
    const counts = { before: 0, taken: 0, after: 0 };
    for (let round = 1; round <= ROUNDS; round++) {
      const asked: { agent: string; stem: string }[] = [];
      for (let n = 0; n < REQUESTS; n++) {
        for (const agent of agents) {
          const stem = `${round}-${n}`;
          const body = { from_agent: agent, body: `${agent} ${stem}`, kind: n % 2 === 0 ? 'chat' : 'task' };
          const aside = join(spool, 'requests', agent, `.${stem}.tmp`);
          writeFileSync(aside, JSON.stringify({ method: 'POST', path: '/v1/messages', body }));
          renameSync(aside, join(spool, 'requests', agent, `${stem}.json`));
          asked.push({ agent, stem });
        }
      }
      await sleep(random() * LATEST_CRASH_MS);
      await hub.kill();
      for (const { agent, stem } of asked) {
        const answered = readdirSync(join(spool, 'responses', agent)).includes(`${stem}.json`);
        const taken = readdirSync(join(spool, 'requests', agent)).includes(`${stem}.work`);
        counts[answered ? 'after' : taken ? 'taken' : 'before'] += 1;
      }
      await hub.start();
      const answerOf = ({ agent, stem }: { agent: string; stem: string }) =>
        JSON.parse(readFileSync(join(spool, 'responses', agent, `${stem}.json`), 'utf8')) as Envelope;
      const ids = await until(() => asked.map((each) => answerOf(each)), { what: `answers of round ${round}` });
      for (const [index, { agent, stem }] of asked.entries()) {
        expect(ids[index], `${agent} ${stem}`).toMatchObject({
          ok: true,
          body: { result: { body: `${agent} ${stem}` } },
        });
      }
    }
    using http = new HttpClient(hub.url);
    const bodies: string[] = [];
    for (let since_id = 0; ; ) {
      const path = `/v1/messages?channel=general&limit=500&since_id=${since_id}`;
      const page = await http.result<{ id: number; body: string }[]>('GET', path);
      if (page.length === 0) break;
      bodies.push(...page.map(({ body }) => body));
      since_id = page.at(-1)?.id ?? 0;
    }
    expect(new Set(bodies).size).toBe(ROUNDS * AGENTS * REQUESTS);
    expect(bodies).toHaveLength(ROUNDS * AGENTS * REQUESTS);
    const perAgent = bodies.filter((body) => body.startsWith('agent-0 ')).map((body) => body.slice(8));
    expect(perAgent).toEqual([...perAgent].sort((a, b) => order(a) - order(b)));
    console.log(`killed with ${counts.before} requests not taken, ${counts.taken} taken, ${counts.after} answered`);
  }, 1_800_000);
});

/** Requests of one agent take effect in file order, over crashes too. */
function order(stem: string): number {
  const [round, n] = stem.split('-').map(Number);
  return (round ?? 0) * 1_000 + (n ?? 0);
}
