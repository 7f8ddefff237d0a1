import { HTTP_WIRE, REST_COERCION, STREAM, section } from '../harness/rule.js';

const wire = (text: string) => [text, HTTP_WIRE] as const;
const coercion = (text: string) => [text, REST_COERCION] as const;
const stream = (text: string) => [text, STREAM] as const;

export const rules = [
  ...section('arc-v1 §2.1', {
    1: wire('answers are HTTP/1.1 and the connection stays open for the next request'),
    2: wire('an HTTP/1.0 request without Host is answered'),
    3: wire('JSON answers have Content-Type application/json without charset, and Content-Length'),
    4: wire('X-Arc-Instance stands on every JSON, HTML and SSE answer, errors included'),
    5: wire('no CORS headers'),
    6: wire('chunked bodies are read'),
    7: wire('pipelined requests are all answered, in order'),
    8: wire('a request line too odd to parse gets the envelope with 400'),
    9: wire('GET / is an HTML page that names the hub'),
  }),
  ...section('arc-v1 §2.2', {
    1: wire('success is ok: true and result, null included'),
    2: wire('failure is ok: false and error, and nothing else; the code stands in X-Arc-Error'),
    3: wire('acquired stands beside result, first after ok'),
    4: wire('parent_completed: true stands beside the result that rolled up, and is absent otherwise'),
  }),
  ...section('arc-v1 §2.8', {
    1: wire('201 for what is new and for granted leases, 200 else'),
  }),
  ...section('arc-v1 §2.3', {
    1: wire('paths match whole and case-sensitively; a trailing slash is 404'),
    2: wire('leading slashes are collapsed; absolute form, fragment and ;params are dropped'),
    3: wire('path ids are percent-decoded; broken escapes are 400'),
    4: wire('a task id in a path is decimal digits: -1, 1.5 and x are 404'),
    5: wire('unknown paths, and known ones with another of GET, POST, DELETE: 404, not found'),
    6: wire('DELETE exists for sessions only; a body is ignored'),
    7: wire('other methods are 405 in the envelope, with Allow'),
    8: wire('an unknown POST path is 404 even with a malformed body'),
    9: wire('on a known path a malformed body comes before an unknown id'),
  }),
  ...section('arc-v1 §2.4', {
    1: wire('a POST without Content-Length and body is an empty object'),
    2: wire('Content-Length that is no integer: 400'),
    3: wire('negative Content-Length: 400'),
    4: wire('a body above the cap: 400, request body exceeds max size, connection closed; nothing stored'),
    5: wire('not UTF-8: 400, request body must be valid UTF-8'),
    6: wire('not JSON, white space only, a BOM, a trailing comma, NaN, Infinity: 400, malformed JSON'),
    7: wire('JSON but no object: 400, request body must be a JSON object'),
    8: wire('the content type is never looked at'),
    9: wire('the last of duplicate keys wins; unknown keys are ignored, id, ts and session_id among them'),
    10: wire('JSON nested deeper than 128, 10,000 levels too: 400'),
    11: wire('__proto__ and constructor as keys are data and change nothing'),
    12: wire('the body of a GET is ignored; an empty POST body is fine where nothing is required'),
    13: wire('a lone surrogate anywhere: 400'),
  }),
  ...section('arc-v1 §2.5', {
    2: coercion('text: numbers and booleans become text, strings are trimmed, null is absent'),
    3: coercion('text: arrays and objects are 400'),
    4: coercion('integer: booleans, fractions (toward zero), strings with sign, spaces and underscores'),
    5: coercion('integer: anything else, infinite or beyond what is exact: 400, <field> must be an integer'),
    6: coercion('object and list: null is absent, anything else but one is 400'),
    7: coercion('boolean: by truthiness, so that "false" is true'),
    8: coercion(
      'message fields: falsy channel, attachments and metadata are absent; kind is lowered; from_agent null is required',
    ),
  }),
  ...section('arc-v1 §2.6', {
    1: coercion('plus and %20 are spaces; & separates; the first of repeated keys counts'),
    2: coercion('an empty value counts as absent'),
    3: coercion('flags are on for true, 1, yes in any case, and off for anything else'),
    4: coercion('text parameters are not trimmed'),
    5: coercion('since_id, limit and timeout take their spellings and refuse others'),
    6: coercion('numbers are parsed in the order since_id, limit, timeout'),
    7: coercion('a since_id above 2^63 means nothing newer'),
  }),
  ...section('arc-v1 §4.16', {
    8: coercion('delay_sec in the query is ignored'),
    9: coercion('allow_remote goes by truthiness'),
  }),
  ...section('arc-v1 §6.2', {
    1: stream('text/event-stream, no-cache, instance header, no length'),
    2: stream('agent_id is required; a wrong since_id is 400 before the stream begins; unknown channels are no error'),
    3: stream('frames are an id line, one data line with the message JSON, and a blank line'),
    4: stream('since_id 0 is the whole history, in ascending order, then live, each once'),
    5: stream('an agent sees broadcasts and its direct messages; exclude_self and channels filter'),
    6: stream('many messages of other channels do not starve it (arc-v1 §12 D3)'),
    7: stream('Last-Event-ID resumes'),
    8: stream('connecting touches the session'),
  }),
  ...section('arc-v1 §12', {
    1: wire('a long-poll whose client goes away is forgotten at once (D2)'),
    2: wire('a dropped stream is noticed and forgotten (D4)'),
    3: wire('an agent without active session is told by X-Arc-Session: inactive (A7)'),
    4: wire('200 clients that connect at once are all served at once (B7)'),
  }),
  ...section('websocket §1', {
    20: wire(
      'Host must be an IP literal, localhost, *.localhost, host.docker.internal, this machine, or allowed; else 403, on requests, upgrades and streams',
    ),
    21: wire(
      'Origin must be absent, the hub itself, or allowed; null and others are 403, on requests, upgrades and streams',
    ),
    22: wire('Sec-Fetch-Site must be absent, none or same-origin; else 403, but for a navigation to GET /'),
    23: wire('a listed origin gets CORS headers, others none'),
    24: wire('what is refused leaves no trace'),
  }),
];
