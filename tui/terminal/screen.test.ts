import { expect, it } from 'vitest';
import { Screen } from './screen.js';

function openScreen(rows = 3) {
  const written: string[] = [];
  const screen = new Screen({ columns: 4, rows, write: (text) => written.push(text) > 0 });
  return { screen, taken: () => written.splice(0).join('') };
}

it('writes only the lines that differ, each cleared before it is written', () => {
  const { screen, taken } = openScreen();
  screen.enter({ mouse: false });
  screen.sink.write('aaaa\nbbbb\ncccc');
  screen.show(undefined);
  // What is cleared after a full line is its last letter, in terminals that do not wrap.
  expect(taken()).toMatch(/1;1H\u001b\[Kaaaa\u001b\[0m\u001b\[2;1H\u001b\[Kbbbb/);
  screen.sink.write('aaaa\nB\ncccc');
  screen.show(undefined);
  const next = taken();
  expect(next).toContain('\u001b[2;1H\u001b[KB\u001b[0m');
  expect(next).not.toMatch(/aaaa|cccc/);
  screen.show(undefined);
  expect(taken()).toBe('');
});

it('leaves the terminal once, as it was', () => {
  const { screen, taken } = openScreen();
  screen.leave();
  expect(taken()).toBe('');
  screen.enter({ mouse: true });
  const entered = taken();
  screen.leave();
  const left = taken();
  for (const mode of ['1049', '2004', '1000', '1006']) {
    expect(entered).toContain(`\u001b[?${mode}h`);
    expect(left).toContain(`\u001b[?${mode}l`);
  }
  expect(left).toMatch(/\?25h.*\?7h/);
  screen.leave();
  screen.ring();
  screen.show(undefined);
  expect(taken()).toBe('');
});
