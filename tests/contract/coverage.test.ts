/** Every rule has a case on every door, or says why that door cannot express it. */
import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { OPERATIONS, type Operation } from '../../protocol/index.js';
import { CASES } from './cases/index.js';
import { ROUTES } from './harness/routes.js';
import { COMMAND, DOORS } from './harness/rule.js';
import { RULES } from './rules/index.js';

const ids = RULES.map(({ id }) => id);
/** Where a rule is proved: `id place`. */
const proved = new Set(
  CASES.flatMap(({ rules, places }) => places.flatMap((place) => rules.map((id) => `${id} ${place}`))),
);

describe('the contract suite', () => {
  it('numbers each rule once', () => {
    expect(ids.filter((id, i) => ids.indexOf(id) !== i)).toEqual([]);
    for (const id of ids) expect(id).toMatch(/^(arc-v1|websocket) §\d+(\.\d+)?-\d+$/);
  });

  it('cites only rules that there are', () => {
    expect(CASES.flatMap(({ rules }) => rules).filter((id) => !ids.includes(id))).toEqual([]);
  });

  it('proves every rule on every door, or says why not', () => {
    const missing = RULES.flatMap(({ id, except }) =>
      DOORS.filter((door) => !except[door] && !proved.has(`${id} ${door}`)).map((door) => `${id} on ${door}`),
    );
    expect(missing).toEqual([]);
  });

  it('proves what no door can express by the command', () => {
    const commands = RULES.filter(({ except }) => DOORS.every((door) => except[door] === COMMAND[door]));
    expect(commands.map(({ id }) => id).filter((id) => !proved.has(`${id} command`))).toEqual([]);
    const nowhere = RULES.filter(({ id }) => ![...DOORS, 'command'].some((place) => proved.has(`${id} ${place}`)));
    expect(nowhere.map(({ id }) => id)).toEqual([]);
  });

  it('makes no exception for a door that has a case', () => {
    const needless = RULES.flatMap(({ id, except }) =>
      DOORS.filter((door) => except[door] && proved.has(`${id} ${door}`)).map((door) => `${id} on ${door}`),
    );
    expect(needless).toEqual([]);
  });

  it('has rules for every section', () => {
    const sections = new Set(ids.map((id) => id.replace(/-\d+$/, '')));
    const wanted = [
      ...Array.from({ length: 9 }, (_, i) => `arc-v1 §2.${i + 1}`),
      ...Array.from({ length: 10 }, (_, i) => `arc-v1 §3.${i + 1}`),
      ...Array.from({ length: 16 }, (_, i) => `arc-v1 §4.${i + 1}`),
      ...Array.from({ length: 7 }, (_, i) => `arc-v1 §5.${i + 1}`),
      'arc-v1 §6.1',
      'arc-v1 §6.2',
      ...Array.from({ length: 8 }, (_, i) => `arc-v1 §8.${i + 1}`).filter((each) => !each.endsWith('8.2')),
      ...[1, 2, 3, 4, 5, 6, 7, 10, 12].map((n) => `websocket §${n}`),
    ];
    expect(wanted.filter((each) => !sections.has(each))).toEqual([]);
  });

  it('runs every file of cases', () => {
    const names = (folder: string, end: string) =>
      readdirSync(new URL(folder, import.meta.url))
        .filter((file) => file.endsWith(end))
        .map((file) => file.slice(0, -end.length));
    const cases = names('cases', '.ts').filter((each) => each !== 'index');
    expect(names('.', '.test.ts')).toEqual(expect.arrayContaining(cases));
  });
});

describe('the operations table', () => {
  const table = new Map<string, Operation>(Object.entries(OPERATIONS));

  it('has every operation of the contract, where REST has it', () => {
    for (const [name, { rest, actor }] of Object.entries(ROUTES)) {
      const row = table.get(name);
      const plain = row?.rest && [row.rest.method, row.rest.path.replaceAll(':int', '')];
      expect([name, plain]).toEqual([name, rest === undefined ? undefined : [...rest]]);
      if (actor !== undefined) expect([name, row?.actor]).toEqual([name, [actor]]);
    }
  });

  it('has no other', () => {
    expect([...table.keys()].filter((name) => ROUTES[name] === undefined)).toEqual([]);
  });
});
