import { Argument, Command, CommanderError } from 'commander';
import { beforeEach, describe, expect, it } from 'vitest';
import { arrange } from './arguments.js';
import { flag, integer, text } from './options.js';

let program: Command;

beforeEach(() => {
  program = new Command('arc')
    .version('1', '--version')
    .exitOverride()
    .configureOutput({ writeErr: () => undefined });
  const serve = new Command('serve').addOption(integer('--port <n>', '')).addOption(flag('--quiet', ''));
  const post = new Command('post')
    .addArgument(new Argument('<body>'))
    .addOption(text('--agent <id>', ''))
    .addOption(text('--channel <name>', ''))
    .addOption(text('--thread-id <id>', ''))
    .addOption(text('--to <agent>', ''));
  for (const each of [serve, post]) program.addCommand(each.copyInheritedSettings(program));
});

const argv = (...words: string[]) => arrange(program, words).argv;

describe('arrange', () => {
  it('makes no command at all mean serve', () => {
    expect(argv()).toEqual(['serve']);
    expect(argv('--port', '7000')).toEqual(['serve', '--port', '7000']);
    expect(argv('--port=7000', '--quiet')).toEqual(['serve', '--port=7000', '--quiet']);
  });

  it('moves options before the command behind it, with their values (arc-v1 §12 F6)', () => {
    expect(argv('--agent', 'post', 'post', 'hi')).toEqual(['post', '--agent', 'post', 'hi']);
    expect(argv('--quiet', 'serve', '--port', '1')).toEqual(['serve', '--quiet', '--port', '1']);
  });

  it('writes out prefixes that can mean one option only (arc-v1 §8.1)', () => {
    expect(argv('--po', '7000')).toEqual(['serve', '--port', '7000']);
    expect(argv('--po=7000')).toEqual(['serve', '--port=7000']);
    expect(argv('post', 'hi', '--ag', 'ana', '--th', 't')).toEqual([
      'post',
      'hi',
      '--agent',
      'ana',
      '--thread-id',
      't',
    ]);
    expect(argv('--ag', 'ana', 'post', 'hi')).toEqual(['post', '--agent', 'ana', 'hi']);
  });

  it('prefers a whole name to the names that begin with it', () => {
    program.commands[1]?.addOption(text('--tool <x>', ''));
    expect(argv('post', 'hi', '--to', 'ben')).toEqual(['post', 'hi', '--to', 'ben']);
  });

  it('refuses a prefix that can mean several', () => {
    expect(() => argv('post', 'hi', '--t', 'x')).toThrow(CommanderError);
    expect(() => argv('post', 'hi', '--t', 'x')).toThrow('ambiguous option: --t could be --thread-id, --to');
  });

  it('leaves values alone, whatever they look like, and all that follows --', () => {
    expect(argv('post', '--to', '--ag', '--', '--po')).toEqual(['post', '--to', '--ag', '--', '--po']);
  });

  it('leaves unknown options and commands for commander to report', () => {
    expect(argv('--nope')).toEqual(['serve', '--nope']);
    expect(argv('--prot', '1', 'post')).toEqual(['serve', '--prot']);
    expect(argv('pots', 'hi', '--agent', 'a')).toEqual(['pots']);
  });

  it('lets help and version stand alone', () => {
    expect(argv('--vers')).toEqual(['--version']);
    expect(argv('-h', 'post')).toEqual(['-h']);
    expect(argv('help', 'post')).toEqual(['help', 'post']);
    expect(argv('post', '--he')).toEqual(['post', '--help']);
  });
});
