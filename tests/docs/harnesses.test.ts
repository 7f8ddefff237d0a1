/** What people copy from the documents: it parses, and every `arc` command in it exists. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { PROMPT_HARNESSES, prompt } from '../../agents/onboarding.js';
import { buildProgram } from '../../cli/program.js';

const documents = readdirSync('docs', { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.md') && !name.startsWith('protocol'))
  .map((name) => join('docs', name));
const commands = new Map(buildProgram().commands.map((command) => [command.name(), command]));

function complaints(text: string): string[] {
  const calls = text.matchAll(/(?:^|`|"|\s)arc ([a-z][a-z-]*)((?: [^`"#\n]*)?)/gm);
  return [...calls].flatMap(([call, name, rest]) => {
    const command = commands.get(name ?? '');
    if (command === undefined) return /^[`\n]/.test(call) ? [`no such command: arc ${name}`] : [];
    const flags = [...(rest ?? '').matchAll(/ (--[a-z-]+)/g)].map(([, flag]) => flag);
    return flags
      .filter((flag) => flag !== '--help' && !command.options.some(({ long }) => long === flag))
      .map((flag) => `arc ${name} has no ${flag}`);
  });
}

describe.each(documents)('%s', (path) => {
  const text = readFileSync(path, 'utf8');

  it('has JSON that parses and commands that exist', () => {
    for (const [, json] of text.matchAll(/```json\n([\s\S]*?)```/g)) expect(() => JSON.parse(json ?? '')).not.toThrow();
    expect(complaints(text)).toEqual([]);
  });

  it('points to what is there', () => {
    const folder = path.replace(/[^/]*$/, '');
    const targets = [...text.matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map(([, target]) => join(folder, target ?? ''));
    for (const target of targets) expect(() => readFileSync(target), target).not.toThrow();
  });
});

it.each(PROMPT_HARNESSES)('the prompt for %s names commands that exist, and the agent', (harness) => {
  const text = prompt(harness, 'ana');
  expect(text).toContain('You are the agent "ana"');
  expect(complaints(text)).toEqual([]);
});
