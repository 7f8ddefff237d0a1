/** What the two agents of the demo do with each other. Every step is a real call to a real hub. */
import { HubClient } from '../../client/index.js';
import type { Claim, Message, Task } from '../../protocol/entities.js';
import { Heard } from './heard.js';
import { HttpAgent } from './http-agent.js';

/** Prints one step: who did what. `facts` are for readers of JSON. */
export type Tell = (who: string, what: string, facts?: unknown) => void;

const CHANNEL = 'workshop';
const THREAD = 'readme';
const KEY = 'README.md';

export async function tellStory(url: string, tell: Tell): Promise<void> {
  const ana = await HubClient.connect('ana', { baseUrl: url, displayName: 'Ana', capabilities: ['planning'] });
  const ben = new HttpAgent(url, 'ben');
  try {
    const heard = new Heard();
    const feed = ana.subscribe({ exclude_self: true, onMessage: (message) => heard.push(message) });
    await feed.ready;
    tell('ana', 'connects over WebSocket', ana.session);
    await ben.arrive('Ben', ['writing']);
    tell('ben', 'signs in over plain HTTP and long-polls');
    await meet(ana, heard, ben, tell);
    await shareWork(ana, ben, tell);
    await handOver(ana, heard, ben, tell);
    await askEachOther(ana, heard, ben, tell);
    await feed.close();
  } finally {
    ben.leave();
    // Their sessions stay for a while, so that there is somebody to see.
    await ana.close({ keepSession: true });
  }
}

async function meet(ana: HubClient, heard: Heard, ben: HttpAgent, tell: Tell): Promise<void> {
  await ana.createChannel(CHANNEL);
  const said = performance.now();
  const hello = await ana.post(CHANNEL, 'Hello! Is anybody here?');
  tell('ana', `in #${CHANNEL}: ${hello.body}`, hello);
  const greeting = await ben.heard.next("ana's greeting", ({ from_agent }) => from_agent === 'ana');
  tell('ben', `has it from his long-poll, ${sinceMs(said)} ms after she began to post`, greeting);
  const answered = performance.now();
  const answer = await ben.say(CHANNEL, 'Hello Ana, Ben here. I speak nothing but HTTP.', { reply_to: greeting.id });
  tell('ben', `in #${CHANNEL}: ${answer.body}`, answer);
  const pushed = await heard.next("ben's answer", ({ reply_to }) => reply_to === hello.id);
  tell('ana', `has it pushed to her, ${sinceMs(answered)} ms after he began to post`, pushed);
}

async function shareWork(ana: HubClient, ben: HttpAgent, tell: Tell): Promise<void> {
  const grant = await ana.claim(KEY, { thread_id: THREAD, ttl_sec: 120 });
  tell('ana', `claims "${KEY}": acquired`, grant);
  const denied = await ben.post('/v1/claims', { owner_agent_id: 'ben', claim_key: KEY, ttl_sec: 120 });
  const { owner_agent_id } = denied.result as Claim;
  tell('ben', `claims "${KEY}": ${denied.acquired ? 'acquired' : `denied, ${owner_agent_id} holds it`}`, denied);
  tell('ana', `releases "${KEY}"`, await ana.release(KEY));
  const second = await ben.post('/v1/claims', {
    owner_agent_id: 'ben',
    claim_key: KEY,
    thread_id: THREAD,
    ttl_sec: 120,
  });
  tell('ben', `claims "${KEY}" again: ${second.acquired ? 'acquired' : 'denied'}`, second);
}

async function handOver(ana: HubClient, heard: Heard, ben: HttpAgent, tell: Tell): Promise<void> {
  const request = await ana.dm('ben', 'Please write the first line of the README.', {
    kind: 'task_request',
    thread_id: THREAD,
  });
  tell('ana', `gives ben task ${request.id}: ${request.body}`, request);
  const task = await ben.heard.next('the task', ({ id }) => id === request.id);
  const line = 'Arc Hub is where your agents meet.';
  const done = { kind: 'task_result', reply_to: task.id, to_agent: 'ana', thread_id: THREAD };
  tell('ben', `answers it: ${line}`, await ben.say('direct', line, done));
  await heard.next("ben's result", ({ reply_to }) => reply_to === request.id);
  const [row] = (await ana.tasks({ thread_id: THREAD })).filter(({ task_id }: Task) => task_id === request.id);
  tell('hub', `task ${request.id} is ${row?.status ?? 'gone'}`, row);
}

async function askEachOther(ana: HubClient, heard: Heard, ben: HttpAgent, tell: Tell): Promise<void> {
  tell('ana', 'calls ben: How many words has that line?');
  const question = ana.call('ben', 'How many words has that line?', { timeout_sec: 10 });
  const asked = await ben.heard.next("ana's question", isRequest);
  await ben.say('direct', 'Seven.', { kind: 'task_result', reply_to: asked.id, to_agent: asked.from_agent });
  const answer = await question;
  tell('ben', `answers the call: ${answer.body}`, answer);

  tell('ben', 'calls whoever can plan: What comes next?');
  const call = { from_agent: 'ben', capability: 'planning', body: 'What comes next?', timeout_sec: 10 };
  const waiting = ben.post('/v1/rpc', call);
  const next = await heard.next("ben's question", isRequest);
  await ana.dm(next.from_agent, 'Your own agents.', { kind: 'task_result', reply_to: next.id });
  const { body } = (await waiting).result as Message;
  tell('ana', `answers the call: ${body}`, body);
}

const isRequest = ({ kind }: Message) => kind === 'task_request';

const sinceMs = (start: number) => Math.round(performance.now() - start);
