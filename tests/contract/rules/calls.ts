import { HTTP_WIRE, section } from '../harness/rule.js';

export const rules = [
  ...section('websocket §6', {
    1: 'rpc.call posts a task_request and answers with the task_result that replies to it, public or direct to the caller',
    2: 'a result that is direct to somebody else is no answer',
    3: 'the channel is direct by default, and is checked before anything is posted',
    4: 'by capability a live agent that has it is asked, the least recently picked first',
    5: 'no live agent has the capability: not_found, and nothing is posted',
    6: 'on timeout the error is timeout (408), the task stays open, and a late result arrives as a message',
    7: [
      'details.request_id names the request',
      {
        http: 'an envelope of Arc has ok and error, and nothing else',
        'client-http': 'an envelope of Arc has ok and error, and nothing else',
        'client-relay': 'an envelope of Arc has ok and error, and nothing else',
      },
    ],
    8: 'exactly one of to_agent and capability is needed, and a body',
    9: 'a repeat with the same key posts nothing, waits for the same request, and answers with its result',
    10: 'attachments, thread_id and metadata reach the other agent',
  }),
  ...section('websocket §7', {
    1: 'a repeat with the same key and content returns the stored answer and does nothing again, on every writing operation',
    2: 'deduplicated is true on a repeated post, and false on a first one',
    3: 'the same key with other content is a conflict, and changes nothing',
    4: 'keys belong to an agent: another agent may use the same one',
    5: 'a key has 1 to 200 characters',
    6: 'a key outlives a restart of the hub',
    7: 'writes that fail do not use up their key',
    8: [
      'REST takes the key from the header Idempotency-Key, and answers 200 with deduplicated beside result',
      HTTP_WIRE,
    ],
    9: 'of writes that arrive together, one that fails undoes only itself',
  }),
  ...section('websocket §12', {
    1: 'agent ids, channel names, thread ids, claim keys, display names at opening, capabilities: 1,024 code points',
    2: 'lock paths and attachment paths: 4,096 code points',
    3: 'capabilities of a session: 256',
    4: 'metadata of anything: 64 KiB as JSON',
    5: 'ttl_sec: 30 days',
    6: 'waits are lowered silently to 60 s for polls',
  }),
];
