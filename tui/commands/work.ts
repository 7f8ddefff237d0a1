/** Tasks, claims and locks. */
import { arg, type Command, wholeNumber } from './command.js';

export const WORK: readonly Command[] = [
  {
    name: 'complete',
    aliases: ['done'],
    args: [arg('task', 'task')],
    summary: 'mark a task done',
    run: ({ questions }, [id]) => questions.completeTask(wholeNumber(id, 'the task')),
  },
  {
    name: 'release',
    args: [arg('claim', 'claim')],
    summary: "release a claim, also somebody else's: asks first, says so publicly",
    run: ({ questions }, [key = '']) => questions.askRelease('claim', key),
  },
  {
    name: 'unlock',
    args: [arg('path', 'lock')],
    summary: "release a lock, also somebody else's: asks first, says so publicly",
    run: ({ questions }, [path = '']) => questions.askRelease('lock', path),
  },
];
