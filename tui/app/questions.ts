/** What is asked before it is done: to release another's lease, to shut down, to complete a task. */
import { printable } from '../../base/terminal-text.js';
import { HubError, type Token } from '../../protocol/index.js';
import type { Question } from '../state/state.js';
import type { Desk } from './desk.js';

export class Questions {
  readonly #desk: Desk;
  #answer: ((id: string) => void) | undefined;

  constructor(desk: Desk) {
    this.#desk = desk;
  }

  askRelease(kind: 'claim' | 'lock', name: string): void {
    const held = kind === 'claim' ? this.#desk.state.claims.get(name) : this.#desk.state.locks.get(name);
    if (held === undefined) throw new HubError('not_found', `nobody holds the ${kind} “${name}”`);
    const owner = 'owner_agent_id' in held ? held.owner_agent_id : held.agent_id;
    const isOwn = owner === this.#desk.state.self;
    const what = `${kind} ${printable(name)}`;
    const lines = isOwn
      ? ['It is yours.']
      : [
          `${printable(owner)} holds it, may be at work on it, and is not asked.`,
          'A public notice will say that you released it.',
        ];
    this.ask(
      {
        title: `Release ${what}?`,
        lines,
        answers: [
          { key: 'y', label: isOwn ? 'release it' : `release it from ${printable(owner)}`, id: 'yes' },
          { key: 'escape', label: 'no', id: 'no' },
        ],
      },
      (answer) => {
        if (answer !== 'yes') return;
        this.#desk.attempt(async () => {
          const force = isOwn ? {} : { force: true };
          if (kind === 'claim') await this.#desk.actor.call('claims.release', { claim_key: name, ...force });
          else await this.#desk.actor.call('locks.release', { file_path: name, ...force });
          this.#desk.say(`released ${what}`, 'good');
        });
      },
    );
  }

  askShutdown(delay_sec: number): void {
    const others = [...this.#desk.state.agents.keys()].filter((id) => id !== this.#desk.state.self).length;
    this.ask(
      {
        title: `Shut the hub down in ${delay_sec} s?`,
        lines: [
          others === 0
            ? 'Nobody else is here.'
            : `It ends for everybody: ${others} other ${others === 1 ? 'agent is' : 'agents are'} here. A public notice tells them.`,
        ],
        answers: [
          { key: 'y', label: 'shut the hub down', id: 'yes' },
          { key: 'l', label: 'only leave this dashboard', id: 'leave' },
          { key: 'escape', label: 'no', id: 'no' },
        ],
      },
      (answer) => {
        if (answer === 'leave') this.#desk.options.leave();
        if (answer !== 'yes') return;
        this.#desk.attempt(async () => {
          await this.#desk.actor.call('hub.shutdown.start', { delay_sec });
          this.#desk.say(`the hub shuts down in ${delay_sec} s; /cancel stops that`);
        });
      },
    );
  }

  askCancelShutdown(): void {
    if (this.#desk.state.shutdown === undefined) throw new HubError('bad_request', 'no shutdown is pending');
    this.ask(
      {
        title: 'Cancel the shutdown?',
        lines: ['Whoever started it, the hub goes on. A public notice says so.'],
        answers: [
          { key: 'y', label: 'cancel it', id: 'yes' },
          { key: 'escape', label: 'no', id: 'no' },
        ],
      },
      (answer) => {
        if (answer === 'yes')
          this.#desk.attempt(async () => void (await this.#desk.actor.call('hub.shutdown.cancel', {})));
      },
    );
  }

  /** One key is pressed by mistake more easily than a command is typed, and a task that is done stays done. */
  askComplete(task_id: number): void {
    const title = printable(this.#desk.state.titles.get(task_id) ?? '');
    this.ask(
      {
        title: `Mark task ${task_id} done?`,
        lines: title === '' ? [] : [title],
        answers: [
          { key: 'y', label: 'it is done', id: 'yes' },
          { key: 'escape', label: 'no', id: 'no' },
        ],
      },
      (answer) => {
        if (answer === 'yes') this.#desk.attempt(() => this.completeTask(task_id));
      },
    );
  }

  async completeTask(task_id: number): Promise<void> {
    const { parent_completed } = await this.#desk.actor.call('tasks.complete', { task_id });
    this.#desk.say(`task ${task_id} is done${parent_completed ? ', and its parent with it' : ''}`, 'good');
  }

  askRotate(token: Token): void {
    this.ask(
      {
        title: `Give token ${token.id} a new secret?`,
        lines: [`For ${ofWhom(token)}. The old one works for ten minutes more.`],
        answers: [
          { key: 'y', label: 'make a new one', id: 'yes' },
          { key: 'escape', label: 'no', id: 'no' },
        ],
      },
      (answer) => {
        if (answer !== 'yes') return;
        this.#desk.attempt(async () => {
          const { token: text, id } = await this.#desk.actor.call('tokens.rotate', { id: token.id });
          this.#desk.open({ kind: 'secret', token: text, what: `Token ${id}, renewed` });
        });
      },
    );
  }

  /** @param forget its names are free again */
  askRevoke(token: Token, forget: boolean): void {
    const free = forget ? ' Its names are free again: anybody may act under them at an open hub.' : '';
    this.ask(
      {
        title: `Revoke token ${token.id}?`,
        lines: [`For ${ofWhom(token)}. What it has open is closed at once, and it never works again.${free}`],
        answers: [
          { key: 'y', label: 'revoke it', id: 'yes' },
          { key: 'escape', label: 'no', id: 'no' },
        ],
      },
      (answer) => {
        if (answer !== 'yes') return;
        this.#desk.attempt(async () => {
          await this.#desk.actor.call('tokens.revoke', { id: token.id, forget });
          this.#desk.say(`token ${token.id} is revoked`, 'good');
        });
      },
    );
  }

  ask(question: Question, answer: (id: string) => void): void {
    this.#answer = answer;
    this.#desk.open({ kind: 'question', question });
  }

  answerWith({ answers }: Question, key: string): void {
    const chosen = answers.find((each) => each.key === key);
    if (chosen === undefined) return;
    const answer = this.#answer;
    this.#answer = undefined;
    this.#desk.close();
    answer?.(chosen.id);
  }
}

const ofWhom = ({ role, names, label }: Token): string =>
  printable(`${names.length > 0 ? names.join(', ') : role}${label === '' ? '' : ` (${label})`}`);
