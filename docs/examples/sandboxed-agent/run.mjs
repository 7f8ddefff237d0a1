import { HubClient } from 'arc-hub';

const outside = await HubClient.connect('outside', { baseUrl: process.env.ARC_BASE_URL });
const answering = outside.subscribe({
  kinds: ['task_request'],
  onMessage: ({ id, from_agent, body }) =>
    outside.dm(from_agent, `${body}? Yes.`, { kind: 'task_result', reply_to: id }),
});
await answering.ready;

// Everything below touches files only.
const boxed = HubClient.overRelay('boxed', { spoolDir: process.env.ARC_RELAY ?? '.arc-relay' });
await boxed.register({ capabilities: ['offline'] });
const { live_agents } = await boxed.bootstrap();
console.log(`live: ${live_agents.map(({ agent_id }) => agent_id).join(', ')}`);
await boxed.post('general', 'hello from the sandbox');
const { body } = await boxed.call('outside', 'Can you see me', { timeout_sec: 20 });
console.log(`outside: ${body}`);
await boxed.close();
await outside.close();
