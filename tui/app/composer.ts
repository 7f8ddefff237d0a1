/** The line that is typed: editing, completion, history, and what Enter does with it. */
import { HubError, type Message } from '../../protocol/index.js';
import type { Command } from '../commands/command.js';
import { findCommand, parseCommand } from '../commands/table.js';
import { completions } from '../input/completion.js';
import * as edit from '../input/editor.js';
import type { PostParams } from '../state/state.js';
import type { Desk } from './desk.js';
import { InputHistory } from './input-history.js';
import type { Navigation } from './navigation.js';
import { postOf } from './posting.js';
import type { Questions } from './questions.js';

/** Text of one paste; a message holds less by default. */
const MAX_INPUT = 1_000_000;

export class Composer {
  readonly #desk: Desk;
  readonly #nav: Navigation;
  readonly #questions: Questions;
  readonly #run: (command: Command, args: readonly string[]) => void;
  readonly #history = new InputHistory();

  /** @param run does what a command says */
  constructor(
    desk: Desk,
    nav: Navigation,
    questions: Questions,
    run: (command: Command, args: readonly string[]) => void,
  ) {
    this.#desk = desk;
    this.#nav = nav;
    this.#questions = questions;
    this.#run = run;
  }

  post(params: PostParams) {
    const { shutdown, reader } = this.#desk.state;
    // A hub that is gone already has nothing to cancel; the post waits.
    if (shutdown === undefined || reader.state !== 'open') return this.#desk.actor.post(params);
    this.#questions.ask(
      {
        title: 'The hub is about to shut down.',
        lines: ['Your post can cancel the shutdown first, or go out before it.'],
        answers: [
          { key: 'y', label: 'cancel the shutdown, then post', id: 'cancel' },
          { key: 'p', label: 'post only', id: 'post' },
          { key: 'escape', label: 'neither', id: 'no' },
        ],
      },
      (answer) => {
        if (answer === 'no') {
          this.#desk.dispatch({ type: 'input', input: edit.editorOf(params.body) });
          return;
        }
        const ready = answer === 'cancel' ? this.#desk.actor.call('hub.shutdown.cancel', {}) : Promise.resolve();
        this.#desk.attempt(async () => {
          await ready;
          this.#desk.actor.post(params);
        });
      },
    );
  }

  postHere(body: string, { kind, ...more }: Pick<PostParams, 'kind' | 'attachments'> = {}): void {
    const { composing } = this.#desk.state;
    const params = postOf({ ...this.#desk.state, composing: { ...composing, ...(kind && { kind }) } }, body);
    if (params === undefined) {
      throw new HubError('bad_request', 'you only read along here; /dm writes to one of the two');
    }
    this.#desk.dispatch({ type: 'composing', composing: {} });
    this.#desk.dispatch({ type: 'scroll', scroll: { kind: 'end' } });
    this.post({ ...params, ...more });
  }

  edit(change: (editor: edit.Editor) => edit.Editor): void {
    this.#desk.dispatch({ type: 'input', input: change(this.#desk.state.input) });
  }

  /** What was typed or pasted, put in at the cursor. */
  insert(text: string) {
    const { focus, input } = this.#desk.state;
    if (focus !== 'input') this.#nav.focus('input');
    if (input.text.length + text.length > MAX_INPUT)
      return this.#desk.say('that is more text than one message can hold', 'bad');
    this.edit((editor) => edit.insert(editor, text));
  }

  /** Runs a command that needs no more; one that does is put into the input, to be finished there. */
  begin(command: Command) {
    const { name, args = [] } = command;
    if (args.every((each) => each.optional)) return this.#run(command, []);
    this.#nav.focus('input');
    this.#desk.dispatch({ type: 'input', input: edit.editorOf(`/${name} `) });
  }

  /** Does with a whole text what Enter does with the one in the input; an answer, while a question is open. */
  submit(text: string) {
    const { overlay } = this.#desk.state;
    if (overlay?.kind === 'question') {
      const key = text.trim().toLowerCase().slice(0, 1);
      const known = overlay.question.answers.some((each) => each.key === key);
      return this.#questions.answerWith(overlay.question, known ? key : 'escape');
    }
    this.#desk.close();
    this.#desk.dispatch({ type: 'input', input: edit.editorOf(text) });
    this.send();
  }

  /** Sends what stands in the input, or does what it commands. */
  send(): void {
    const { input } = this.#desk.state;
    const text = input.text;
    if (text.trim() === '') return;
    this.#history.add(text);
    this.#desk.dispatch({ type: 'input', input: edit.EMPTY_EDITOR });
    if (!text.startsWith('/')) {
      try {
        this.postHere(text);
      } catch (cause) {
        this.#desk.dispatch({ type: 'input', input });
        this.#desk.say(HubError.from(cause).message, 'bad');
      }
      return;
    }
    const parsed = parseCommand(text);
    if (!parsed.ok) {
      // It stays to be corrected.
      this.#desk.dispatch({ type: 'input', input });
      this.#desk.say(parsed.error, 'bad');
      return;
    }
    this.#run(parsed.command, parsed.args);
  }

  /** Takes the chosen completion; whether there was one. */
  complete(): boolean {
    const { input, completionIndex = 0 } = this.#desk.state;
    const { from, items } = completions(this.#desk.state);
    const chosen = items[Math.min(completionIndex, items.length - 1)];
    if (chosen === undefined) return false;
    const text = input.text.slice(0, from) + chosen.insert + input.text.slice(input.cursor);
    this.#desk.dispatch({ type: 'input', input: { text, cursor: from + chosen.insert.length } });
    return true;
  }

  /** Whether Enter means the list: somebody moved in it, or the name of a command is only begun. */
  isChoosing(): boolean {
    const { input, completionIndex = 0 } = this.#desk.state;
    const name = /^\/(\S+)$/.exec(input.text)?.[1];
    return completionIndex > 0 || (name !== undefined && findCommand(name) === undefined);
  }

  moveCompletion(by: number): boolean {
    const { completionIndex = 0 } = this.#desk.state;
    const { length } = completions(this.#desk.state).items;
    if (length === 0) return false;
    this.#desk.dispatch({ type: 'completion', index: (Math.min(completionIndex, length - 1) + by + length) % length });
    return true;
  }

  upOrDown(by: -1 | 1) {
    if (this.moveCompletion(by)) return;
    const { input } = this.#desk.state;
    const moved = edit.vertical(input, by);
    if (moved !== undefined) return this.#desk.dispatch({ type: 'input', input: moved });
    const text = by < 0 ? this.#history.older(input.text) : this.#history.newer();
    if (text !== undefined) this.#desk.dispatch({ type: 'input', input: edit.editorOf(text) });
  }

  escape() {
    const { focus, input, composing, scroll } = this.#desk.state;
    if (focus !== 'input') return this.#nav.focus('input');
    if (completions(this.#desk.state).items.length > 0)
      return this.#desk.dispatch({ type: 'completion', index: undefined });
    if (composing.reply_to !== undefined || composing.kind !== undefined) {
      return this.#desk.dispatch({ type: 'composing', composing: {} });
    }
    if (scroll.kind === 'at') return this.#nav.toEnd();
    if (input.text !== '') {
      this.#history.add(input.text);
      this.#desk.dispatch({ type: 'input', input: edit.EMPTY_EDITOR });
    }
  }

  compose(reply_to: Message, kind?: string): void {
    this.#desk.dispatch({ type: 'composing', composing: { reply_to, kind } });
    this.#nav.focus('input');
  }
}
