/** The three agents of the smoke test: together they prove messages, artifacts, claims and notices (arc-v1 §8.9). */
import { setTimeout as sleep } from 'node:timers/promises';
import type { HubClient, Message } from '../../client/index.js';

export const ROLES = ['smoke-a', 'smoke-b', 'smoke-c'] as const;
export type Role = (typeof ROLES)[number];

export interface SmokeOptions {
  channel: string;
  threadId: string;
  claimKey: string;
  timeoutSec: number;
  pollIntervalSec: number;
  /** Told of each step that has succeeded. */
  say: (step: string) => void;
}

export async function playRole(role: Role, hub: HubClient, options: SmokeOptions): Promise<void> {
  await hub.register({ replace: true });
  await PARTS[role](hub, new Scene(hub, options), options);
}

const PARTS: Readonly<Record<Role, (hub: HubClient, scene: Scene, options: SmokeOptions) => Promise<void>>> = {
  async 'smoke-a'(hub, scene, { channel, say }) {
    await hub.createChannel(channel);
    await scene.post('task', 'smoke test: produce an artifact and have it verified');
    say('posted the task');
    await scene.wait(
      'an artifact from smoke-b',
      ({ from_agent, kind }) => from_agent === 'smoke-b' && kind === 'artifact',
    );
    await scene.wait('a notice of smoke-c that it is verified', isVerified);
    await scene.post('notice', 'smoke test passed');
    say('has the artifact and its verification');
  },

  async 'smoke-b'(hub, scene, { claimKey, threadId, say }) {
    await scene.wait('the task of smoke-a', isTask);
    const { acquired, claim } = await hub.claim(claimKey, { thread_id: threadId });
    if (!acquired) throw new Error(`the claim ${claimKey} is held by ${claim.owner_agent_id}`);
    say('holds the claim');
    await scene.post('artifact', 'artifact of the smoke test');
    await hub.release(claimKey);
    say('posted the artifact and released the claim');
    await scene.wait('a notice of smoke-c that it is verified', isVerified);
    await scene.post('notice', 'confirmed: the artifact was verified');
  },

  async 'smoke-c'(hub, scene, { claimKey, threadId, say }) {
    await scene.wait('the task of smoke-a', isTask);
    await scene.wait(
      'an artifact from smoke-b',
      ({ from_agent, kind }) => from_agent === 'smoke-b' && kind === 'artifact',
    );
    const held = (await hub.claims({ thread_id: threadId, active_only: true })).find(
      ({ claim_key }) => claim_key === claimKey,
    );
    await scene.post('notice', `verified: claim ${held === undefined ? 'released' : `held by ${held.owner_agent_id}`}`);
    say('verified the artifact and looked at the claim');
  },
};

const isTask = ({ from_agent, kind }: Message) => from_agent === 'smoke-a' && kind === 'task';
const isVerified = ({ from_agent, kind, body }: Message) =>
  from_agent === 'smoke-c' && kind === 'notice' && body.includes('verified');

/** The thread that they share. */
class Scene {
  readonly #hub: HubClient;
  readonly #options: SmokeOptions;
  readonly #endMs: number;

  constructor(hub: HubClient, options: SmokeOptions) {
    this.#hub = hub;
    this.#options = options;
    this.#endMs = performance.now() + options.timeoutSec * 1_000;
  }

  post(kind: 'task' | 'artifact' | 'notice', body: string): Promise<Message> {
    return this.#hub.post(this.#options.channel, body, { kind, thread_id: this.#options.threadId });
  }

  /** Reads the thread again and again; what fails meanwhile, as before there is a channel, is tried again. */
  async wait(what: string, isIt: (message: Message) => boolean): Promise<void> {
    const { channel, threadId, pollIntervalSec } = this.#options;
    let last: unknown;
    while (performance.now() < this.#endMs) {
      try {
        const messages = await this.#hub.messages({ channel, thread_id: threadId, since_id: 0, limit: 500 });
        if (messages.some(isIt)) return;
        last = undefined;
      } catch (cause) {
        last = cause;
      }
      await sleep(pollIntervalSec * 1_000);
    }
    const why = last instanceof Error ? ` (${last.message})` : '';
    throw new Error(`timed out waiting for ${what}${why}`);
  }
}
