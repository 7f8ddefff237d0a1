import { CONNECTION, section, WS_WIRE } from '../harness/rule.js';

const frame = (text: string) => [text, WS_WIRE] as const;
const connection = (text: string) => [text, CONNECTION] as const;

export const rules = [
  ...section('websocket §1', {
    1: frame('GET /v1/ws upgrades, with subprotocol arc.v1 when it is offered and without when none is'),
    2: frame('only unknown subprotocols: HTTP 400 before the upgrade; other paths: 404'),
    3: frame('a binary frame closes with 1003, text that is not UTF-8 with 1007, a frame above the cap with 1009'),
    4: frame('JSON nested deeper than 128 is refused as parse_error, 128 levels are not'),
    5: frame('the hub pings, and ends a connection that does not pong for two periods'),
    6: frame('compression is not offered'),
  }),
  ...section('websocket §2', {
    1: frame('not JSON: -32700 with id null'),
    2: frame('JSON but no request: -32600; its id is echoed where it is one'),
    3: frame('an unknown method: -32601, unknown_method, 404'),
    4: frame('parameters by position, wrong or unknown ones: -32602'),
    5: frame('every error carries data.code and data.status, and the text of REST'),
    6: frame('notifications are executed and not answered, errors included'),
    7: frame('a batch is answered by an array without its notifications; all notifications: no answer'),
    8: frame('an empty batch and one of more than 100 are refused as a whole, and nothing of them is done'),
    9: frame('a batch of nonsense answers an error for each'),
    10: frame('ids come back as they are: text, numbers digit for digit, null'),
    11: connection('operations of one connection take effect in the order received, reads after writes included'),
    12: connection('cancel ends the wait of that id with timeout and details.cancelled'),
    13: connection('closing the connection ends its waits'),
    14: connection('a connection that does not read its answers is not read from, and gets all when it reads again'),
    15: frame('__proto__ and constructor as keys and methods are data and change nothing'),
    16: frame('a lone surrogate anywhere is bad_request'),
  }),
  ...section('websocket §4', {
    20: connection('resume on a second connection keeps the session, and closes the first with 4001'),
    21: connection('replace over WebSocket sends session.replaced to the older connection and closes it with 4001'),
    22: connection('replace from HTTP sends session.replaced and leaves the connection open, bound to the new session'),
    23: connection('closing its session unbinds a connection, which can sign in anew'),
  }),
  ...section('websocket §5', {
    1: connection('subscribe answers subscription, since_id, latest_id; without since_id it begins now'),
    2: connection('a number replays from there, and goes over to live without gap or repeat'),
    3: connection('"cursor" begins at the durable cursor of the agent'),
    4: connection('since_id below what the connection has passed is conflict, until it unsubscribes from all'),
    5: connection(
      'channels filter broadcasts; direct messages to the agent come regardless, unless include_direct is false',
    ),
    6: connection('thread_id, kinds and exclude_self filter'),
    7: connection('an observer sees direct messages only with include_direct: true'),
    8: connection('a message that several subscriptions match is pushed once'),
    9: connection('unsubscribe ends one or all'),
    10: connection('topic session: opened, renamed, replaced, closed'),
    11: connection('topic channel: created; topic task: created, done'),
    12: connection('topics claim and lock: acquired, refreshed, released, expired'),
    13: connection('topic hub: shutdown_armed, shutdown_cancelled'),
    14: connection('seq counts up by one on each connection; changes made on HTTP are pushed too'),
    15: connection('a slow reader loses nothing: every message once and in order, and others are not held up'),
    16: connection('changes dropped while a connection is stalled are followed by one resync for each topic'),
    17: connection('a connection that accepts nothing for the stall time is closed: 4008'),
    18: connection('topics expired and recovered are pushed when a session expires'),
  }),
];
