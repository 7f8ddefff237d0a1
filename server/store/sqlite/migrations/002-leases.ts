/** Answers kept for repeats of claims and locks, in the shape that both now share. */
const lease = (kind: 'claim' | 'lock', at: string) => {
  const [key, owner, since] =
    kind === 'claim' ? ['claim_key', 'owner_agent_id', 'claimed_at'] : ['file_path', 'agent_id', 'locked_at'];
  const part = (name: string) => `json_extract(answer, '${at}.${name}')`;
  return `json_object('kind', '${kind}', 'key', ${part(key as string)}, 'owner', ${part(owner as string)},
    'since', ${part(since as string)}, 'expires_at', ${part('expires_at')}, 'released_at', ${part('released_at')},
    'thread_id', ${part('thread_id')}, 'task_message_id', ${part('task_message_id')},
    'metadata_json', ${part('metadata_json')})`;
};

const grant = (kind: 'claim' | 'lock') => `
UPDATE arc_hub_keys SET answer = json_object(
  'acquired', json(CASE WHEN json_extract(answer, '$.acquired') THEN 'true' ELSE 'false' END),
  'lease', ${lease(kind, `$.${kind}`)})
WHERE answer LIKE '{"acquired":%' AND json_type(answer, '$.${kind}') = 'object';`;

const bare = (kind: 'claim' | 'lock', key: string) => `
UPDATE arc_hub_keys SET answer = ${lease(kind, '$')}
WHERE answer LIKE '{"${key}":%' AND json_type(answer, '$.${key}') = 'text';`;

export const leases = grant('claim') + grant('lock') + bare('claim', 'claim_key') + bare('lock', 'file_path');
