import { HubClient } from 'arc-hub';

const baseUrl = process.env.ARC_BASE_URL;
const channel = `questions-${Date.now()}`;
const asker = await HubClient.quickstart('asker', { baseUrl });
await asker.createChannel(channel);

async function listener(name, knows) {
  const hub = await HubClient.connect(name, { baseUrl });
  const listening = hub.subscribe({
    channels: [channel],
    kinds: ['notice'],
    onMessage: async ({ id, body }) => {
      const answer = knows(body);
      if (answer !== undefined) await hub.post(channel, answer, { reply_to: id });
    },
  });
  await listening.ready;
  return hub;
}
const others = await Promise.all([
  listener('historian', (question) => (question.includes('flag') ? 'It was renamed in 1.1.' : undefined)),
  listener('novice', () => undefined),
]);

const question = await asker.post(channel, 'What happened to the flag --db?', { kind: 'notice' });
// Enough to hear those who are quick; nobody waits for those who do not know.
const answers = await asker.poll({ channel, timeout: 10 });
for (const { from_agent, body, reply_to } of answers)
  if (reply_to === question.id) console.log(`${from_agent}: ${body}`);
if (answers.length !== 1) throw new Error(`expected one answer, got ${answers.length}`);
await Promise.all([asker, ...others].map((hub) => hub.close()));
