import type { Composer } from './composer.js';
import type { Desk } from './desk.js';
import type { Navigation } from './navigation.js';
import type { Questions } from './questions.js';

/** The hands of the person: everything that a key or a command may reach for. */
export interface Hands {
  readonly desk: Desk;
  readonly nav: Navigation;
  readonly questions: Questions;
  readonly composer: Composer;
}
