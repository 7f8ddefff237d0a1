import { HubClient } from 'arc-hub';

const baseUrl = process.env.ARC_BASE_URL;
const deployer = await HubClient.connect('deployer', { baseUrl });

let operator;
if (process.argv.includes('--simulate')) {
  operator = await HubClient.connect('operator', { baseUrl });
  const requests = operator.subscribe({
    kinds: ['task_request'],
    onMessage: ({ id, from_agent }) => operator.dm(from_agent, 'yes', { kind: 'task_result', reply_to: id }),
  });
  await requests.ready;
} else console.log('Answer as "operator": arc tui --agent operator, or arc inbox --agent operator and arc reply');

const answer = await deployer
  .call('operator', 'Deploy 1.1 to production?', { timeout_sec: 600 })
  .then(({ body }) => body.trim().toLowerCase())
  .catch((error) => (error.code === 'timeout' ? 'no answer' : Promise.reject(error)));
console.log(answer === 'yes' ? 'deploying' : `not deploying: ${answer}`);
await deployer.close();
await operator?.close();
