import { section } from '../harness/rule.js';

export const rules = [
  ...section('arc-v1 §5.1', {
    3: 'a session that was not seen for the presence TTL expires: it is live no more',
    4: 'waiting in a long-poll of events or inbox keeps a session alive (arc-v1 §6.1)',
    5: 'posting keeps a session alive',
  }),
  ...section('websocket §4', {
    7: [
      'while a bound connection lives its session does not expire',
      {
        http: 'a REST caller has no connection that lives',
        'client-http': 'a REST caller has no connection that lives',
        'client-relay': 'a REST caller has no connection that lives',
      },
    ],
    8: [
      'a connection that drops without closing its session leaves it active for the presence TTL',
      {
        http: 'a REST caller has no connection that drops',
        'client-http': 'a REST caller has no connection that drops',
        'client-relay': 'a REST caller has no connection that drops',
      },
    ],
  }),
  ...section('arc-v1 §5.3', {
    1: 'expiry releases the active claims of the agent, each with a public notice from system in the channel of its thread',
    2: 'expiry releases the active locks of the agent, each with a notice in the channel of its thread, else metadata.channel, else general',
    3: 'claims are recovered before locks, each in the order they were taken',
    4: 'leases of agents that never had a session end by their TTL only',
    5: 'recovery happens whoever notices the expiry, listing agents included (arc-v1 §12 A1)',
  }),
];
