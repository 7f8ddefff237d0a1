import { expect } from 'vitest';
import { type Case, everyDoor, refused } from '../harness/contract.js';

type Row = readonly [error: string, operation: string, params: Record<string, unknown>];

const post = (fields: Record<string, unknown>) => ({ from_agent: 'a', body: 'b', ...fields });
const attach = (attachment: unknown) => ({ from_agent: 'a', attachments: [attachment] });
const claim = (fields: Record<string, unknown>) => ({ owner_agent_id: 'a', claim_key: 'k', ...fields });
const lock = (fields: Record<string, unknown>) => ({ agent_id: 'a', file_path: 'f', ...fields });
const channel = 'general';

/** Error texts that every door can be brought to; those of bodies and queries alone are cases of the HTTP door. */
const BAD: readonly Row[] = [
  ['agent_id is required', 'sessions.open', {}],
  ['agent_id is required', 'sessions.open', { agent_id: '  ' }],
  ['metadata must be a JSON object', 'sessions.open', { agent_id: 'a', metadata: [1] }],
  ['metadata must be a JSON object', 'sessions.open', { agent_id: 'a', metadata: 'x' }],
  ['capabilities must be a list', 'sessions.open', { agent_id: 'a', capabilities: 'review' }],
  ['capabilities must be a list', 'sessions.open', { agent_id: 'a', capabilities: { a: 1 } }],
  ['capabilities must contain strings', 'sessions.open', { agent_id: 'a', capabilities: [{}] }],
  ['display_name is required', 'sessions.rename', { agent_id: 'a' }],
  ['display_name must be 64 characters or fewer', 'sessions.rename', { agent_id: 'a', display_name: 'x'.repeat(65) }],
  ['name is required', 'channels.create', {}],
  ['name is required', 'channels.create', { name: '\n' }],
  ['metadata must be a JSON object', 'channels.create', { name: 'x', metadata: [1] }],
  ['from_agent is required', 'messages.post', { body: 'b' }],
  ['from_agent is required', 'messages.post', { from_agent: ' ', body: 'b' }],
  ['channel must be non-empty', 'messages.post', post({ channel: '  ' })],
  ['unsupported kind: shout', 'messages.post', post({ kind: 'shout' })],
  ['attachments must be a list', 'messages.post', post({ attachments: 'x' })],
  ['attachments must be a list', 'messages.post', post({ attachments: { a: 1 } })],
  ['too many attachments', 'messages.post', post({ attachments: Array(33).fill({ type: 'text', content: 'x' }) })],
  ['attachments must contain JSON objects', 'messages.post', attach('x')],
  ['attachments must contain JSON objects', 'messages.post', attach([])],
  ['attachments must contain JSON objects', 'messages.post', attach(null)],
  ['unsupported attachment type: image', 'messages.post', attach({ type: 'image', content: 'x' })],
  ['unsupported attachment type: ', 'messages.post', attach({ content: 'x' })],
  ['unsupported attachment type: __proto__', 'messages.post', attach({ type: '__proto__', content: 'x' })],
  ['attachment type text requires content', 'messages.post', attach({ type: 'text' })],
  ['attachment type json requires content', 'messages.post', attach({ type: 'json', path: 'p' })],
  ['attachment type code requires content', 'messages.post', attach({ type: 'code', language: 'ts' })],
  ['attachment type code exceeds max size', 'messages.post', attach({ type: 'code', content: 'x'.repeat(255_999) })],
  ['attachment type json exceeds max size', 'messages.post', attach({ type: 'json', content: Array(100_000).fill(1) })],
  ['attachment type file_ref requires path', 'messages.post', attach({ type: 'file_ref' })],
  ['attachment type file_ref requires path', 'messages.post', attach({ type: 'file_ref', path: ' ' })],
  ['attachment type diff_ref requires path', 'messages.post', attach({ type: 'diff_ref', path: null })],
  ['start_line must be an integer', 'messages.post', attach({ type: 'file_ref', path: 'p', start_line: 'x' })],
  ['end_line must be an integer', 'messages.post', attach({ type: 'diff_ref', path: 'p', end_line: {} })],
  ['body or attachments is required', 'messages.post', { from_agent: 'a' }],
  ['body or attachments is required', 'messages.post', { from_agent: 'a', body: '', attachments: [] }],
  ['body exceeds max size', 'messages.post', post({ body: 'x'.repeat(128_001) })],
  ['reply_to must be an integer', 'messages.post', post({ reply_to: 'x' })],
  ['reply_to must be an integer', 'messages.post', post({ reply_to: [1] })],
  ['parent_task_id must be an integer', 'messages.post', post({ parent_task_id: {} })],
  ['parent_task_id references unknown task', 'messages.post', post({ parent_task_id: 2 ** 45 })],
  ['parent_task_id references unknown task', 'messages.post', post({ parent_task_id: -1, kind: 'task' })],
  ['metadata must be a JSON object', 'messages.post', post({ metadata: [1] })],
  ['channel does not exist: nowhere', 'messages.post', post({ channel: 'nowhere' })],
  ['channel does not exist: General', 'messages.post', post({ channel: 'General' })],
  ['channel or thread_id query parameter is required', 'messages.list', {}],
  ['since_id must be >= 0', 'messages.list', { channel, since_id: -1 }],
  ['limit must be at least 1', 'messages.list', { channel, limit: 0 }],
  ['since_id must be an integer', 'messages.list', { channel, since_id: 'x' }],
  ['since_id must be an integer', 'messages.list', { channel, since_id: 1.5 }],
  ['limit must be an integer', 'messages.list', { channel, limit: 'x' }],
  ['timeout must be a number', 'messages.list', { channel, timeout: 'x' }],
  ['agent_id query parameter is required', 'events.list', {}],
  ['since_id must be >= 0', 'events.list', { agent_id: 'a', since_id: -1 }],
  ['limit must be at least 1', 'inbox.list', { agent_id: 'a', limit: 0 }],
  ['agent_id query parameter is required', 'bootstrap', {}],
  ['owner_agent_id is required', 'claims.acquire', { claim_key: 'k' }],
  ['claim_key or task_message_id is required', 'claims.acquire', { owner_agent_id: 'a' }],
  ['task_message_id must be an integer', 'claims.acquire', claim({ task_message_id: 'x' })],
  ['ttl_sec must be an integer', 'claims.acquire', claim({ ttl_sec: 'x' })],
  ['ttl_sec must be at least 5', 'claims.acquire', claim({ ttl_sec: 4 })],
  ['ttl_sec must be at least 5', 'claims.acquire', claim({ ttl_sec: -300 })],
  ['metadata must be a JSON object', 'claims.acquire', claim({ metadata: 'x' })],
  ['claim_key is required', 'claims.refresh', { owner_agent_id: 'a' }],
  ['owner_agent_id is required', 'claims.refresh', { claim_key: 'k' }],
  ['ttl_sec must be at least 5', 'claims.refresh', claim({ ttl_sec: 0 })],
  ['claim_key is required', 'claims.release', { agent_id: 'a' }],
  ['agent_id is required', 'claims.release', { claim_key: 'k' }],
  ['agent_id is required', 'locks.acquire', { file_path: 'f' }],
  ['file_path is required', 'locks.acquire', { agent_id: 'a' }],
  ['file_path is required', 'locks.acquire', { agent_id: 'a', file_path: ' ' }],
  ['ttl_sec must be at least 5', 'locks.acquire', lock({ ttl_sec: 4 })],
  ['ttl_sec must be an integer', 'locks.acquire', lock({ ttl_sec: {} })],
  ['metadata must be a JSON object', 'locks.acquire', lock({ metadata: [1] })],
  ['agent_id is required', 'locks.refresh', { file_path: 'f' }],
  ['file_path is required', 'locks.refresh', { agent_id: 'a' }],
  ['agent_id is required', 'locks.release', { file_path: 'f' }],
  ['file_path is required', 'locks.release', { agent_id: 'a' }],
  ["status must be 'open' or 'done'", 'tasks.list', { status: 'closed' }],
  ['parent_id must be an integer', 'tasks.list', { parent_id: 'x' }],
  ['delay_sec must be an integer', 'hub.shutdown.start', { delay_sec: 'x' }],
  ['delay_sec must be >= 0', 'hub.shutdown.start', { delay_sec: -1 }],
  ['delay_sec must be <= 3600', 'hub.shutdown.start', { delay_sec: 3_601 }],
  ['no shutdown pending', 'hub.shutdown.cancel', {}],
  ['since_id must be an integer', 'events.ack', { agent_id: 'a', since_id: 'x' }],
  ['since_id is required', 'events.ack', { agent_id: 'a' }],
];

const MISSING: readonly Row[] = [
  ['channel not found', 'messages.list', { channel: 'nowhere' }],
  ['channel not found', 'events.list', { agent_id: 'a', channel: 'nowhere', since_id: -1, limit: 0 }],
  ['message not found', 'messages.get', { id: 2 ** 45 }],
  ['thread not found', 'threads.get', { thread_id: 'none such' }],
  ['task not found', 'tasks.complete', { task_id: 2 ** 45 }],
  ['session not found', 'sessions.close', { session_id: 'none' }],
  ['no active session for agent_id', 'sessions.rename', { agent_id: 'none such', display_name: 'x' }],
  ['claim not found or not owned by owner_agent_id', 'claims.refresh', claim({ claim_key: 'none' })],
  ['claim not found or not owned by agent_id', 'claims.release', { agent_id: 'a', claim_key: 'none' }],
  ['lock not found or not owned by agent_id', 'locks.refresh', lock({ file_path: 'none' })],
  ['lock not found or not owned by agent_id', 'locks.release', lock({ file_path: 'none' })],
];

export const cases: readonly Case[] = [
  everyDoor(['arc-v1 §2.7-1'], 'refuses what is wrong and stores nothing', async ({ visit, stored }) => {
    const someone = await visit();
    const before = stored();
    for (const [error, operation, params] of BAD) {
      const refusal = await refused(someone.call(operation, params), {});
      expect([operation, refusal.error, refusal.status, refusal.code]).toEqual([operation, error, 400, 'bad_request']);
    }
    expect(stored()).toBe(before);
  }),

  everyDoor(['arc-v1 §2.7-2'], 'does not find what is not there', async ({ visit, stored }) => {
    const someone = await visit();
    const before = stored();
    for (const [error, operation, params] of MISSING) {
      const refusal = await refused(someone.call(operation, params), {});
      expect([operation, refusal.error, refusal.status, refusal.code]).toEqual([operation, error, 404, 'not_found']);
    }
    expect(stored()).toBe(before);
  }),
];
