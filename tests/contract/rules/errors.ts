import { section } from '../harness/rule.js';

export const rules = [
  ...section('arc-v1 §2.7', {
    1: 'every validation error has its text and status, on every door the same, and stores nothing',
    2: 'an unknown agent, thread, task, session, channel, lease: 404 with its text, and nothing stored',
  }),
];
