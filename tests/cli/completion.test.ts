import { execFileSync, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { completionScript } from '../../cli/completion.js';
import { HubClient } from '../../client/index.js';
import { HUB_MAIN, type HubProcess, startHub } from '../support/hub-process.js';
import { arc, newFolder } from './arc.js';

let hub: HubProcess;
beforeAll(async () => {
  hub = await startHub();
  const ana = HubClient.overHttp('ana', { baseUrl: hub.url });
  await ana.register();
  await ana.createChannel('build');
  await ana.claim('parser');
  await ana.lock('src/a.ts');
  await ana.claim('$(touch pwned)');
  await ana.post('general', 'x', { thread_id: 'thread-one' });
  await ana.close({ keepSession: true });
});
afterAll(() => hub[Symbol.asyncDispose]());

const offered = async (...words: string[]) => {
  const { stdout } = await arc(['completion', 'complete', '--', ...words], { env: { ARC_BASE_URL: hub.url } });
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.split('\t')[0]);
};

describe('what is offered', () => {
  it.each([
    [['rel'], ['relay', 'release']],
    [['post', 'hi', '--ch'], ['--channel']],
    [
      ['post', 'hi', '--channel', ''],
      ['build', 'direct', 'general'],
    ],
    [['post', 'hi', '--channel=b'], ['--channel=build']],
    [['post', 'hi', '--agent', 'a'], ['ana']],
    [['post', 'hi', '--to', ''], ['ana']],
    [['release', ''], ['parser']],
    [['unlock', '--agent', 'ana', 'src'], ['src/a.ts']],
    [['thread', ''], ['thread-one']],
    [['hook', 'cl'], ['claude-code']],
    [
      ['serve', '--durability', ''],
      ['full', 'normal'],
    ],
    [['release', 'parser', ''], []],
  ])('for %j is %j', async (words, expected) => {
    const found = await offered(...words);
    expect(found.filter((each) => each !== 'op')).toEqual(expected);
  });

  it('is nothing where no hub answers', async () => {
    const { code, stdout } = await arc(['completion', 'complete', '--', 'release', ''], {
      env: { ARC_BASE_URL: 'http://127.0.0.1:1' },
    });
    expect({ code, stdout }).toEqual({ code: 0, stdout: '' });
  });
});

const has = (shell: string) => spawnSync(shell, ['--version']).status === 0;

/** Presses the tab key in a real shell, as far as its own functions go. */
const PRESS = {
  bash: (script: string, words: readonly string[]) => `${script}
COMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length - 1}; _arc; printf '%s\n' "\${COMPREPLY[@]}"`,
  zsh: (script: string, words: readonly string[]) => `compdef() { :; }; _files() { :; }
_describe() { print -l -- "\${(@P)2%%:*}"; }
${script.replace('#compdef arc arc-hub', '')}
words=(${words.map((word) => `'${word}'`).join(' ')}); CURRENT=${words.length}; _arc`,
  fish: (script: string, words: readonly string[]) => `${script}
complete -C '${words.join(' ')}'`,
} as const;

describe.each(Object.keys(PRESS) as (keyof typeof PRESS)[])('%s', (shell) => {
  it.runIf(has(shell))('completes, and runs nothing of what is typed or offered', async () => {
    await using folder = await newFolder();
    const script = completionScript(shell, `${process.execPath} ${HUB_MAIN}`);
    const press = (...words: string[]) => {
      writeFileSync(folder.at('press'), PRESS[shell](script, ['arc', ...words]));
      const env = { ...process.env, ARC_BASE_URL: hub.url, HOME: folder.path };
      return execFileSync(shell, [folder.at('press')], { cwd: folder.path, env, encoding: 'utf8' })
        .split('\n')
        .map((line) => line.split('\t')[0])
        .filter((line) => line !== '');
    };
    expect(press('rele')).toEqual(['release']);
    // Fish offers files beside it.
    expect(press('release', '').filter((each) => each !== 'press')).toEqual(['parser']);
    if (shell !== 'fish') expect(press('post', '$(touch pwned)', '--channel', 'b')).toEqual(['build']);
  });
});
