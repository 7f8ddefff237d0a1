/** What a hostile sandbox may put into a spool: nothing outside is read or written, and the others go on. */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import {
  link,
  mkdir,
  mkdtemp,
  open,
  readdir,
  readFile,
  rename,
  rm,
  symlink,
  truncate,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { until } from '../tests/support/until.js';
import { Spool } from './testing/fixture.js';

const SECRET = '{"method": "POST", "path": "/secret", "body": {"secret": "hush-hush"}}';

/** A place outside of the spool, whose files must stay as they are and unread. */
let outside: string;
beforeEach(async () => {
  outside = await mkdtemp(join(tmpdir(), 'arc-outside-'));
  await writeFile(join(outside, 'secret.json'), SECRET);
});
afterEach(() => rm(outside, { recursive: true, force: true }));

async function untouched(): Promise<void> {
  expect(await readdir(outside)).toEqual(['secret.json']);
  expect(await readFile(join(outside, 'secret.json'), 'utf8')).toBe(SECRET);
}

/** Somebody else is served, whatever the hostile one did. */
async function othersAreServed(spool: Spool): Promise<void> {
  await spool.get('good', 'fine', '/fine');
  expect(await spool.answer('good', 'fine')).toMatchObject({ ok: true });
  expect(spool.calls.map(({ path }) => path)).toEqual(['/fine']);
}

function node(...words: string[]): boolean {
  try {
    execFileSync(words[0] ?? '', words.slice(1), { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

type Trick = (spool: Spool) => Promise<string | undefined>;

/** Each puts something at `requests/evil/x.json`, and says with what it must be refused. */
const FILES: Readonly<Record<string, Trick>> = {
  'a symbolic link to a file outside': async (spool) => {
    await symlink(join(outside, 'secret.json'), spool.requests('evil', 'x.json'));
    return 'regular file';
  },
  'a hard link to a file outside': async (spool) => {
    await link(join(outside, 'secret.json'), spool.requests('evil', 'x.json'));
    return 'one link only';
  },
  'a FIFO': async (spool) => (node('mkfifo', spool.requests('evil', 'x.json')) ? 'regular file' : undefined),
  'a device': async (spool) =>
    node('mknod', spool.requests('evil', 'x.json'), 'c', '1', '5') ? 'regular file' : undefined,
  'a folder': async (spool) => {
    await mkdir(spool.requests('evil', 'x.json'));
    return 'regular file';
  },
  'a file of 100 GB': async (spool) => {
    await writeFile(spool.requests('evil', 'x.json'), '');
    await truncate(spool.requests('evil', 'x.json'), 100 * 2 ** 30);
    return 'exceeds max size';
  },
  'text that is not UTF-8': async (spool) => {
    await writeFile(spool.requests('evil', 'x.json'), Buffer.from([0x7b, 0xff, 0xfe, 0x7d]));
    return 'malformed JSON';
  },
  'nesting without end': async (spool) => {
    await writeFile(spool.requests('evil', 'x.json'), '['.repeat(900_000));
    return 'malformed JSON';
  },
  'a request whose .work name is a folder with files': async (spool) => {
    await mkdir(spool.requests('evil', 'x.work'));
    await writeFile(spool.requests('evil', 'x.work/file'), '');
    await writeFile(spool.requests('evil', 'x.json'), SECRET);
    return 'cannot be taken';
  },
};

describe.each(['events', 'polling'] as const)('found by %s', (watch) => {
  it.each(Object.entries(FILES))('refuses %s', async (_what, trick) => {
    await using spool = await Spool.create();
    await mkdir(spool.requests('evil'), { recursive: true });
    await mkdir(spool.responses('evil'), { recursive: true });
    await spool.serve({ watch });
    const reason = await trick(spool);
    if (reason === undefined) return; // this machine cannot make such a thing
    const answer = await spool.answer('evil', 'x');
    expect(answer).toMatchObject({ status: 400, ok: false, error: expect.stringContaining(reason) });
    expect(JSON.stringify(answer)).not.toContain('hush-hush');
    await othersAreServed(spool);
    await untouched();
  });
});

describe('the host', () => {
  it('does not enter an agent folder that is a link', async () => {
    await using spool = await Spool.create();
    await mkdir(spool.requests(''), { recursive: true });
    await symlink(outside, spool.requests('evil'));
    await spool.serve();
    await othersAreServed(spool);
    await untouched();
  });

  it('does not follow a folder that becomes a link while it serves', async () => {
    await using spool = await Spool.create();
    await spool.serve();
    await spool.get('evil', 'first', '/first');
    await spool.answer('evil', 'first');
    await rename(spool.requests('evil'), join(spool.path, 'aside'));
    await symlink(outside, spool.requests('evil'));
    await spool.get('good', 'fine', '/fine');
    await spool.answer('good', 'fine');
    await untouched();
  });

  it.each(['folder', 'file'])('does not write an answer through a link in the place of its %s', async (what) => {
    await using spool = await Spool.create();
    await mkdir(spool.responses(''), { recursive: true });
    if (what === 'folder') await symlink(outside, spool.responses('evil'));
    else {
      await mkdir(spool.responses('evil'));
      await symlink(join(outside, 'secret.json'), spool.responses('evil', 'secret.json'));
    }
    await spool.serve();
    await mkdir(spool.requests('evil'), { recursive: true });
    await writeFile(spool.requests('evil', 'secret.json'), '{"method": "GET", "path": "/x"}');
    if (what === 'folder') await until(() => spool.logged.some((line) => line.includes('cannot write an answer')));
    else {
      await until(async () => (await spool.answer('evil', 'secret')).status === 200);
    }
    await spool.get('good', 'fine', '/fine');
    await spool.answer('good', 'fine');
    await untouched();
  });

  it('puts up with any name', async () => {
    await using spool = await Spool.create();
    await spool.serve();
    const names = ['a\nb', '..', '. ', ' ', '-rf', 'ü', '%2e%2e', 'x'.repeat(250), '\u202e'];
    await Promise.all(
      names.map(async (name) => {
        await mkdir(spool.requests(`${name}f`), { recursive: true });
        await writeFile(join(spool.requests(`${name}f`), `${name}.json`), '{"method": "GET", "path": "/x"}');
      }),
    );
    await mkdir(spool.requests('. '), { recursive: true });
    await writeFile(join(spool.requests('. '), 'x.json'), '{"method": "GET", "path": "/x"}');
    await until(() => spool.calls.length === names.length);
    await until(() => existsSync(spool.responses(`${'x'.repeat(250)}f`, `${'x'.repeat(250)}.json`)));
    expect((await readdir(spool.path)).sort()).toEqual(['hub.json', 'relays', 'requests', 'responses']);
  });

  it('is not held up by what stands in the place of its own files', async () => {
    await using spool = await Spool.create();
    if (!node('mkfifo', join(spool.path, 'hub.json'))) return;
    await mkdir(join(spool.path, 'relays'));
    node('mkfifo', join(spool.path, 'relays', 'dead~1.log'));
    await symlink(join(outside, 'secret.json'), join(spool.path, 'relays', 'dead~2.log'));
    await spool.serve();
    await othersAreServed(spool);
    await untouched();
    expect(JSON.parse(await readFile(join(spool.path, 'hub.json'), 'utf8'))).toMatchObject({ implementation: 'test' });
  });

  it('writes answers when their folder can be written again', async () => {
    await using spool = await Spool.create();
    await spool.serve();
    await mkdir(spool.requests('ana'), { recursive: true });
    const inTheWay = await open(spool.responses('ana'), 'w');
    await inTheWay.close();
    await writeFile(spool.requests('ana', 'x.json'), '{"method": "GET", "path": "/x"}');
    await until(() => spool.logged.some((line) => line.includes('cannot write an answer')));
    await rm(spool.responses('ana'));
    expect(await spool.answer('ana', 'x')).toMatchObject({ ok: true });
  });

  it('forgets old files where it is told to, and never a request that nobody has taken', async () => {
    await using spool = await Spool.create();
    await spool.put('ana', 'x', { method: 'GET', path: '/x' });
    await spool.serve({ retentionSec: 1 });
    await spool.answer('ana', 'x');
    await until(() => !existsSync(spool.responses('ana', 'x.json')) && !existsSync(spool.requests('ana', 'x.work')));
  });
});
