/** Ctrl+Z in a shell with job control, `kill -TSTP` from outside, and a terminal that runs nothing else. */
import { execFileSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HubClient } from '../../client/index.js';
import { type HubProcess, startHub } from '../support/hub-process.js';
import { until } from '../support/until.js';
import { PtyProgram } from './support/pty.js';

let hub: HubProcess;
beforeAll(async () => {
  hub = await startHub();
  await using ana = await HubClient.connect('ana', { baseUrl: hub.url });
  await ana.post('general', 'the first message');
});
afterAll(() => hub[Symbol.asyncDispose]());

const inShell = (...args: string[]) => new PtyProgram([...args], { shell: true });
const tui = (shell: boolean) => new PtyProgram(['tui', '--base-url', hub.url], { shell });

/** The process that the shell has started. */
const jobOf = (shell: PtyProgram) => Number(execFileSync('pgrep', ['-P', String(shell.pid)], { encoding: 'utf8' }));

describe.skipIf(process.platform === 'win32')('a job of a shell', () => {
  it.each([
    ['Ctrl+Z', (program: PtyProgram) => program.write('\u001a')],
    ['kill -TSTP', (program: PtyProgram) => process.kill(jobOf(program), 'SIGTSTP')],
  ])('gives the terminal back on %s, and takes it again on fg', async (_, stop) => {
    using program = tui(true);
    await program.sees('the first message');
    await program.sees('● connected');
    for (let i = 0; i < 2; i++) {
      stop(program);
      await program.sees(/Stopped[\s\S]*shell> *$/m);
      expect(program.isAlternate).toBe(false);
      expect(program.modesLeftOn.filter((mode) => mode !== '2004')).toEqual([]);
      // The shell takes lines again, and shows what is typed.
      program.write(`echo one$((1 + ${i}))two\r`);
      await program.sees(`one${1 + i}two`);
      program.write('fg\r');
      await until(() => program.isAlternate);
      await program.sees('the first message');
      await program.sees('● connected');
    }
    program.write('typed after fg');
    await program.sees('typed after fg');
    program.write('\u0003');
    await program.sees(/shell> *$/m);
    expect(program.isAlternate).toBe(false);
  });

  it('stops the feed of watch as any program', async () => {
    using program = inShell('watch', '--base-url', hub.url, '--since-id', '0');
    await program.sees('the first message');
    program.write('\u001a');
    await program.sees(/Stopped/);
    program.write('fg\r');
    await until(async () => {
      await using ana = HubClient.overHttp('ana', { baseUrl: hub.url });
      await ana.post('general', 'after fg');
      return true;
    });
    await program.sees('after fg');
    program.write('\u0003');
    await program.sees(/shell> *$/m);
  });
});

it('goes on where there is nothing to go back to, and says so', async () => {
  using program = tui(false);
  await program.sees('● connected');
  program.write('\u001a');
  await program.sees('nothing was stopped');
  expect(program.isAlternate).toBe(true);
  program.write('still here');
  await program.sees('still here');
  program.write('\u0003');
  expect(await program.ends()).toBe(0);
  expect(program.modesLeftOn).toEqual([]);
});
