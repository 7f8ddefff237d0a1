import { HTTP_WIRE, REST_COERCION, section } from '../harness/rule.js';

export const rules = [
  ...section('arc-v1 §2.9', {
    1: 'timestamps are YYYY-MM-DDTHH:MM:SSZ: UTC, whole seconds',
  }),
  ...section('arc-v1 §3.3', {
    1: 'a message has id, ts, from_agent, to_agent, channel, kind, body, attachments, reply_to, thread_id, metadata, and nothing of its parent task',
    2: 'ids are integers that ascend and are never reused',
    3: 'reply_to is not looked up and may be negative',
  }),
  ...section('arc-v1 §3.8', {
    1: 'text may contain U+0000',
    2: 'lists are ordered by the bytes of UTF-8, not by UTF-16 units',
  }),
  ...section('arc-v1 §3.9', {
    1: 'the eight kinds can be posted, and no other',
  }),
  ...section('arc-v1 §3.10', {
    1: 'text and json attachments keep type and content (null too) and drop every other key',
    2: 'code keeps language, as text; null is dropped',
    3: 'file_ref and diff_ref keep path (trimmed), description, base, head, start_line, end_line; nulls and content are dropped',
    4: 'the size of an attachment is that of its content as ASCII-only JSON: 255,998 ASCII characters fit and 255,999 do not',
    5: 'a character that is not ASCII counts 6 for each UTF-16 unit: 42,666 times é fits, 42,667 does not; short escapes count 2',
    6: 'at most 32 attachments, counted before any is looked at',
    7: 'the type is trimmed but keeps its case',
  }),
  ...section('arc-v1 §2.4', {
    20: 'numbers in metadata and attachments come back digit for digit: 1.0, 1e3, integers beyond 2^53',
    21: [
      'the same over WebSocket frames and HTTP bodies, seen in the bytes',
      {
        'client-ws': 'JavaScript numbers lose such digits before they are sent',
        'client-http': 'JavaScript numbers lose such digits before they are sent',
        'client-relay': 'JavaScript numbers lose such digits before they are sent',
      },
    ],
  }),
  ...section('arc-v1 §4.8', {
    1: 'without channel a message goes to general, or to direct when it has to_agent',
    2: 'a direct message may carry any channel, which is not created',
    3: 'a broadcast to a channel that does not exist: 400, channel does not exist: <name>',
    4: 'a body of spaces is a body',
    5: 'no session is needed, and from_agent is not verified',
    6: 'task and task_request create a task with the id, channel and thread of the message, and its parent',
    7: 'for other kinds a parent must exist too, and is then forgotten',
    8: 'a task_result to an open task_request completes it and carries metadata.task_completed, stored and returned',
    9: 'a second result, and a result to a task, complete nothing and carry no mark',
    10: 'the parent task is looked up before everything else is checked',
    11: 'fields are checked in the order of the table, and the first failure is the answer',
    12: 'a channel that does not exist comes last',
    13: ['the body is not trimmed', {}],
    14: 'an empty thread_id is a thread',
    15: ['null counts as absent for the optional fields', REST_COERCION],
    16: 'attachments without a body make a message with an empty body',
    17: ['the answer is 201', HTTP_WIRE],
  }),
  ...section('arc-v1 §2.5', {
    1: 'lengths are counted in code points: 128,000 emoji are a body, 128,001 are not',
  }),
  ...section('arc-v1 §4.9', {
    1: 'direct messages never appear, for anyone',
    2: 'channel, thread_id, or both filter; an unknown thread is empty',
    3: 'ascending ids above since_id, at most limit',
    4: 'tail gives the last limit rows, ascending; with since_id above 0 it is ignored',
    5: 'channel or thread_id must be given',
    6: 'an unknown channel is 404, channel not found, even when a number is wrong too',
    7: 'before_id gives the limit rows just below it, ascending (websocket §3)',
    8: 'limit is lowered to 500 silently',
  }),
  ...section('arc-v1 §4.10', {
    1: 'an agent sees broadcasts and the direct messages to it, not its own direct messages to others',
    2: 'exclude_self drops what the agent sent, a message to itself too',
    3: 'channel filters, also direct messages by their label; an unknown one is 404 even with direct messages of that label',
    4: 'thread_id filters',
    5: 'agent_id is required, and a blank one is not it',
    6: 'a since_id beyond every id gives nothing',
    7: 'tail and before_id work here too (websocket §3)',
  }),
  ...section('arc-v1 §4.11', {
    1: 'the inbox has every direct message to the agent, of all channels and threads, ascending',
    2: 'anyone may read it',
    3: 'tail gives the last ones',
  }),
  ...section('arc-v1 §6.1', {
    1: 'a long-poll answers as soon as something matches',
    2: 'what is there already is answered at once, up to limit',
    3: 'with nothing by the deadline the answer is empty, and it does not come before the deadline',
    4: 'what does not match does not wake it',
    5: 'the inbox can be waited for too',
    6: 'before_id and waits do not mix: history is answered at once',
  }),
  ...section('websocket §3', {
    1: 'messages.get gives one message to who may see it, and is 404 for others',
  }),
];
