/** AsyncAPI 3 of the WebSocket door, made from the operations table. */
import type { z } from 'zod';
import { Change } from '../entities.js';
import { ERROR_CODES } from '../errors.js';
import { DEFAULT_HOST, DEFAULT_PORT, TOPICS, WEBSOCKET_PATH } from '../hub.js';
import type { Operation } from '../operation.js';
import { OPERATIONS } from '../operations.js';
import { entitySchemas, inputFields, type JsonSchema, objectOf, outputSchema } from './schemas.js';

const CHANNEL = { $ref: '#/channels/hub' };
const message = (name: string) => ({ $ref: `#/channels/hub/messages/${name}` });
const payload = (title: string, properties: Record<string, unknown>, required: string[]) => ({
  title,
  payload: {
    type: 'object',
    properties: { jsonrpc: { const: '2.0' }, ...properties },
    required: ['jsonrpc', ...required],
  },
});
const ID = { type: ['string', 'integer', 'null'] };

/** The whole document, ready to be written as JSON. */
export function asyncApi(version: string): Record<string, unknown> {
  const rows = (Object.values(OPERATIONS) as Operation[]).filter(({ kind }) => kind !== 'stream');
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'Arc Hub over WebSocket',
      version,
      description: 'JSON-RPC 2.0, one message a text frame, subprotocol arc.v1. The hub pushes messages and changes.',
      license: { name: 'MIT' },
    },
    defaultContentType: 'application/json',
    servers: { local: { host: `${DEFAULT_HOST}:${DEFAULT_PORT}`, protocol: 'ws' } },
    channels: {
      hub: { address: WEBSOCKET_PATH, messages: { ...Object.assign({}, ...rows.map(messagesOf)), ...PUSHED, failure } },
    },
    operations: { ...Object.fromEntries(rows.map((row) => [row.name, exchange(row.name)])), ...PUSHES },
    components: { schemas: entitySchemas() },
  };
}

function messagesOf(operation: Operation): Record<string, unknown> {
  const { name, summary, output } = operation;
  // A bound connection fills in who acts (websocket §4).
  const fields = inputFields(operation).map((field) =>
    operation.session !== 'opens' && operation.actor?.includes(field.name) ? { ...field, required: false } : field,
  );
  const request = payload(name, { id: ID, method: { const: name }, params: objectOf(fields, true) }, ['method']);
  return {
    [`${name}.request`]: { ...request, summary },
    [`${name}.result`]: payload(`${name} result`, { id: ID, result: outputSchema(output) }, ['id', 'result']),
  };
}

const exchange = (name: string) => ({
  action: 'receive',
  channel: CHANNEL,
  messages: [message(`${name}.request`)],
  reply: { channel: CHANNEL, messages: [message(`${name}.result`), message('failure')] },
});

const failure = payload(
  'failure',
  {
    id: ID,
    error: {
      type: 'object',
      properties: {
        code: { type: 'integer', enum: Object.values(ERROR_CODES).map(({ rpc }) => rpc) },
        message: { type: 'string' },
        data: {
          type: 'object',
          properties: {
            code: { type: 'string', enum: Object.keys(ERROR_CODES) },
            status: { type: 'integer' },
            details: { type: 'object', additionalProperties: true },
          },
          required: ['code', 'status'],
        },
      },
      required: ['code', 'message'],
    },
  },
  ['id', 'error'],
);

const pushed = (method: string, params: JsonSchema) =>
  payload(method, { method: { const: method }, params }, ['method', 'params']);

const PUSHED: Record<string, unknown> = {
  message: pushed('message', { $ref: '#/components/schemas/Message' }),
  'session.replaced': pushed('session.replaced', { $ref: '#/components/schemas/Session' }),
  ...Object.fromEntries(TOPICS.map((topic) => [topic, pushed(topic, outputSchema(Change as z.ZodType))])),
  cancel: pushed('cancel', { type: 'object', properties: { id: ID }, required: ['id'] }),
};

const PUSHES = Object.fromEntries(
  Object.keys(PUSHED).map((name) => [
    name === 'cancel' ? 'cancel' : `push.${name}`,
    { action: name === 'cancel' ? 'receive' : 'send', channel: CHANNEL, messages: [message(name)] },
  ]),
);
