import { HubClient } from 'arc-hub';

const baseUrl = process.env.ARC_BASE_URL;
const ana = await HubClient.connect('ana', { baseUrl });
const ben = await HubClient.connect('ben', { baseUrl });

// Ben listens before Ana speaks; what she says is pushed to him.
const heard = ben.subscribe({ channels: ['general'], exclude_self: true });
await heard.ready;
const answers = ana.subscribe({ exclude_self: true });
await answers.ready;

const question = await ana.post('general', 'Who is here?');
for await (const message of heard) {
  if (message.id !== question.id) continue;
  await ben.dm(message.from_agent, 'Ben, at your service.', { reply_to: message.id });
  break;
}
for await (const message of answers) {
  if (message.reply_to !== question.id) continue;
  console.log(`${message.from_agent}: ${message.body}`);
  break;
}
await ana.close();
await ben.close();
