import { CONNECTION, HTTP_WIRE, section } from '../harness/rule.js';

export const rules = [
  ...section('arc-v1 §5.7', {
    2: 'a shutdown with delay 0 answers only the status, posts its notice twice (the second final), and ends the process with 0',
    3: 'an armed shutdown falls due by itself',
    4: 'a waiting long-poll is answered with what it has when the hub goes down (arc-v1 §12 D8)',
    5: ['a stream ends cleanly', HTTP_WIRE],
    6: 'what was acknowledged before is there after a restart, and the armed shutdown is not',
  }),
  ...section('websocket §10', {
    1: ['every connection gets the hub notification, then is closed with 1001', CONNECTION],
    2: ['writes that were sent before are acknowledged before the close', CONNECTION],
  }),
  ...section('websocket §3', {
    3: 'every operation of the table is served by every door that its row names',
  }),
];
