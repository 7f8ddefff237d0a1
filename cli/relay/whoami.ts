/** Which way to the hub an agent has: directly, through the relay, or none (arc-v1 §8.8). */
import type { Command } from 'commander';
import { printable } from '../../base/terminal-text.js';
import { type Bootstrap, HubClient, HubError } from '../../client/index.js';
import { isServed, readHubFile } from '../../relay/hub-file.js';
import { addressOf, openClient, signInIfAway, spoolDir } from '../connection.js';
import { findSpool } from './spools.js';

/** A relay that is there answers in milliseconds; one that may not be there is waited for no longer than this. */
const RELAY_PATIENCE_MS = 5_000;

export interface Whereabouts {
  verdict: (Bootstrap | object) & { transport: 'direct' | 'relay' | 'none' };
  /** One sentence on what to do. */
  advice: string;
}

export async function whoami(command: Command): Promise<Whereabouts> {
  const { agent, spoolDir: tried } = command.opts<{ agent: string; spoolDir: string }>();
  const asked = spoolDir(command);
  if (asked !== undefined) return byRelay(asked, agent);
  let reason: string;
  try {
    const found = await ask(await openClient(command));
    return {
      verdict: { ...found, transport: 'direct' },
      advice: `The hub answers at ${addressOf(command)}: use it directly.`,
    };
  } catch (cause) {
    if (!(cause instanceof HubError) || (cause.code !== 'unavailable' && cause.code !== 'timeout')) throw cause;
    reason = printable(cause.message);
  }
  const spool = findSpool(tried);
  const nowhere = `No hub answers at ${addressOf(command)} (${reason})`;
  if (spool === undefined) {
    return none(`${nowhere}, and there is no spool ${tried} here: ask your operator, and start no hub of your own.`);
  }
  // A spool without the file may be served by a hub of another make, so that one is asked.
  if ((await readHubFile(spool)) !== undefined && !(await isServed(spool))) {
    return none(`${nowhere}, and nobody serves the spool ${spool} any more: ask your operator to start the hub.`);
  }
  return byRelay(spool, agent);
}

async function byRelay(spool: string, agent: string): Promise<Whereabouts> {
  try {
    const found = await ask(HubClient.overRelay(agent, { spoolDir: spool, timeoutMs: RELAY_PATIENCE_MS }));
    const advice = `The hub is out of reach but serves the spool ${spool}: use the relay (--relay ${spool}), and start no hub of your own.`;
    return { verdict: { ...found, transport: 'relay' }, advice };
  } catch (cause) {
    if (!(cause instanceof HubError) || (cause.code !== 'unavailable' && cause.code !== 'timeout')) throw cause;
    return none(
      `Nobody answers through the spool ${spool} (${printable(cause.message)}): ask your operator to start the hub.`,
    );
  }
}

async function ask(hub: HubClient): Promise<Bootstrap> {
  await signInIfAway(hub);
  return hub.whoami();
}

const none = (advice: string): Whereabouts => ({ verdict: { transport: 'none' }, advice });
