import { HubClient } from 'arc-hub';

const baseUrl = process.env.ARC_BASE_URL;
const capability = `review-${process.pid}`;
const reviewer = await HubClient.connect('reviewer', { baseUrl, capabilities: [capability] });
const builder = await HubClient.connect('builder', { baseUrl });

const requests = reviewer.subscribe({
  kinds: ['task_request'],
  onMessage: ({ id, from_agent, body }) =>
    reviewer.dm(from_agent, `${body}: fine, but name the constant.`, { kind: 'task_result', reply_to: id }),
});
await requests.ready;

const result = await builder.call({ capability }, 'review parser.ts', { timeout_sec: 30 });
console.log(`${result.from_agent}: ${result.body}`);
// The result has completed the task that the request made.
console.log(`completed task ${result.metadata.task_completed}`);
await builder.close();
await reviewer.close();
