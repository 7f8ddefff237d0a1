import { HTTP_WIRE, section } from '../harness/rule.js';

export const rules = [
  ...section('arc-v1 §3.1', {
    1: 'a channel has name, created_at, created_by, metadata; general and direct always exist, made by system',
    2: 'names are case-sensitive and may hold any text',
  }),
  ...section('arc-v1 §4.7', {
    1: 'channels are listed ascending by the bytes of their names',
    2: 'creating an existing channel answers the stored row unchanged',
    3: ['a new channel is 201, an existing one 200', HTTP_WIRE],
    4: 'created_by is null when nobody is named, and may be empty',
  }),
  ...section('arc-v1 §3.4', {
    1: 'a claim has claim_key, thread_id, task_message_id, owner_agent_id, claimed_at, expires_at, released_at, metadata',
  }),
  ...section('arc-v1 §4.13', {
    1: 'a free key is granted: acquired true',
    2: 'the holder acquires again: only expires_at changes, it may shorten, the rest of the request is ignored',
    3: 'another agent is denied: acquired false and the unchanged row of the holder, which is an answer',
    4: 'a released claim is taken over with all fields of the request, by its former owner too',
    5: 'without key it is task-<task_message_id>, negative numbers included',
    6: 'a blank thread_id is null, and task_message_id need not exist',
    7: 'without key and task: 400, claim_key or task_message_id is required',
    8: 'refresh sets expires_at, acquired true',
    9: 'refresh of an absent, foreign or released claim: 404, claim not found or not owned by owner_agent_id',
    10: 'release sets released_at, and answers the claim itself',
    11: 'release of an absent, foreign or released claim: 404, claim not found or not owned by agent_id',
    12: 'claims are listed by claimed_at; thread_id and active_only filter',
    13: ['a grant is 201, a denial 200, and acquired stands beside result', HTTP_WIRE],
    14: 'ttl_sec is at least 5 and 300 by default',
    15: 'force releases a claim of another agent with a public notice that says who did it (websocket §3)',
  }),
  ...section('arc-v1 §3.5', {
    1: 'a lock has file_path, agent_id, locked_at, expires_at, released_at, metadata',
    2: 'paths are trimmed and otherwise compared as they are: ./a and a are two locks',
  }),
  ...section('arc-v1 §4.14', {
    1: 'a lock goes through the same states as a claim: granted, refreshed by its holder, denied to others, released, taken again',
    2: 'the holder locks again: the metadata stays',
    3: 'refresh and release of what is not held: 404, lock not found or not owned by agent_id',
    4: 'locks are listed by locked_at; agent_id and active_only filter',
    5: 'force releases a lock of another agent with a public notice (websocket §3)',
  }),
  ...section('arc-v1 §3.9', {
    2: 'acquiring and releasing post no message',
  }),
  ...section('arc-v1 §5.2', {
    1: 'a lease lives at least as long as asked, and less than two seconds longer',
    2: 'a lease that has ended is not active in lists, not refreshed, not released, and free for others',
  }),
  ...section('arc-v1 §3.6', {
    1: 'a task has task_id, parent_task_id, channel, thread_id, status, created_at, completed_at',
  }),
  ...section('arc-v1 §4.15', {
    1: 'tasks ascend by id; parent_id, status, channel, thread_id filter; an unknown channel gives none',
    2: 'completing answers the task, done, with completed_at',
    3: 'an unknown task: 404, task not found',
    4: 'a task that is done stays as it is, and the parent is looked at all the same',
    5: 'a parent may be completed before its children, which stay open',
    6: "status must be 'open' or 'done', in exactly that case",
  }),
  ...section('arc-v1 §5.4', {
    1: 'the last child completes its parent: parent_completed true and one notice; before that the key is absent',
    2: 'the notice comes from system in the channel and thread of the parent, replies to it, and counts the children',
    3: 'one level only: the grandparent stays open',
    4: 'a task_result rolls up too (arc-v1 §12 A2)',
    5: 'children that complete at the same time make one notice (arc-v1 §12 A3)',
  }),
  ...section('arc-v1 §3.7', {
    1: 'a thread summary counts messages (direct ones too), tasks, open tasks, active claims and locks',
    2: 'its channel is that of the root task, else of the first message, else null',
    3: 'latest_message_id, latest_message_ts, latest_artifact_id and root_task_id are those of the rows',
  }),
  ...section('arc-v1 §4.12', {
    1: 'threads found in messages, tasks or claims are listed, the latest message first, those without messages last',
    2: 'a lock alone does not list a thread, but the thread can be got',
    3: 'a thread comes with all its messages (direct ones too), tasks, claims and locks, active or not',
    4: 'an unknown thread: 404, thread not found',
    5: 'threads whose latest message is the same or none descend by thread id in code-point order',
  }),
  ...section('arc-v1 §5.5', {
    1: 'a lock belongs to a thread by metadata.thread_id, if it is a JSON string',
    2: 'a task takes the thread of its message only',
  }),
  ...section('arc-v1 §5.6', {
    1: 'all tasks done: completed, even with active leases',
    2: 'else an active lease: open',
    3: 'else: waiting, with open tasks too',
  }),
  ...section('arc-v1 §4.6', {
    1: 'hub-info has every field of Arc v1 with its value',
    2: 'features are exactly the eight of Arc v1; what is ours stands in extensions',
    3: 'message_kinds are the eight, alphabetical; protocol_version is the string 1',
    4: 'query cap, presence TTL, longest wait and limits are published as further fields',
  }),
  ...section('arc-v1 §3.8', {
    3: 'instance_id is mh1- and 20 hex digits of SHA-256 of the resolved path and the birth of general',
    4: 'the file is WAL, user_version 0, and the six tables have exactly their columns',
    5: 'the nine indexes of Arc v1 exist',
  }),
  ...section('arc-v1 §4.16', {
    1: 'no shutdown pending: null',
    2: 'arming answers shutdown_initiated with remaining_sec one less than delay_sec; 60 is the default',
    3: 'a second arming: 400, shutdown already pending',
    4: 'cancelling answers shutdown_cancelled; with none pending: 400, no shutdown pending',
    5: 'delay_sec is 0 to 3600',
    6: 'network reports allow_remote and listen_host',
    7: 'opening a hub that is bound to loopback: 400 with the text that names the host; closing it is fine',
  }),
  ...section('arc-v1 §5.7', {
    1: 'arming and cancelling post their notices from system in general with their metadata',
  }),
  ...section('websocket §3', {
    2: 'hub.stats counts connections, waiters, subscriptions, messages, rates, commits, lag, sizes, relay requests',
  }),
  ...section('websocket §5', {
    30: 'events.ack stores the cursor of an agent, which only moves forward',
    31: 'a cursor above the latest id is bad_request',
    32: 'with none stored the cursor is null',
  }),
];
