/** The ways to a hub on which the contract is proved; `command` stands for the `arc` command, which is none of them. */
export const DOORS = ['ws', 'http', 'client-ws', 'client-http', 'client-relay'] as const;
export type DoorName = (typeof DOORS)[number];
export type Place = DoorName | 'command';

/** Why a rule has no case on a door. */
export type Exceptions = Partial<Record<DoorName, string>>;

export interface Rule {
  /** Section and number: `arc-v1 §4.8-3`. */
  readonly id: string;
  readonly text: string;
  readonly except: Exceptions;
}

/** The numbered rules of one section. A rule that some door cannot express comes with the reasons. */
export function section(name: string, rules: Readonly<Record<number, string | readonly [string, Exceptions]>>): Rule[] {
  return Object.entries(rules).map(([number, rule]) => {
    const [text, except] = typeof rule === 'string' ? [rule, {}] : rule;
    return { id: `${name}-${number}`, text, except };
  });
}

const allBut = (door: DoorName, reason: string): Exceptions =>
  Object.fromEntries(DOORS.filter((each) => each !== door).map((each) => [each, reason]));

/** About the bytes of HTTP, which only a raw HTTP client sees or chooses. */
export const HTTP_WIRE = allBut('http', 'about HTTP itself: WebSocket frames have none of it, the client hides it');
/** About conversions that REST makes and the strict schema of WebSocket does not; the client sends typed values. */
export const REST_COERCION = allBut(
  'http',
  'a conversion of REST: the schema of WebSocket is strict, clients send types',
);
/** About frames and what a raw socket may put in them. */
export const WS_WIRE = allBut('ws', 'about WebSocket frames: HTTP has none, and the client sends only proper ones');
/** About a connection that is pushed to; over HTTP there is the stream, and the client makes a feed of it. */
export const CONNECTION = allBut(
  'ws',
  'about a WebSocket connection; what the client makes of it is tested in client/',
);
/** Wanted of a server-sent stream. */
export const STREAM = allBut('http', 'server-sent events exist on HTTP only');
/** The operation has no REST twin. */
export const NO_REST: Exceptions = {
  http: 'the operation has no REST twin',
  'client-http': 'the operation has no REST twin',
  'client-relay': 'the operation has no REST twin',
};
/** What REST calls cannot: a connection that is bound to an agent. */
export const NO_BINDING: Exceptions = {
  http: 'a REST caller names itself in each request',
  'client-http': 'a REST caller names itself in each request',
  'client-relay': 'a request file names its agent as REST does',
};
/** A rule of the `arc` command and of its process. */
export const COMMAND: Exceptions = Object.fromEntries(
  DOORS.map((door) => [door, 'about the command and its process, not about a door: proved by running it']),
);
