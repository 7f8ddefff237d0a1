/** The part of JSON Schema that answers of people are held against (arcp §B.12); other keywords are ignored. */
import { isJsonObject, type JsonObject } from '../json.js';
import { codePoints } from '../text.js';

const MAX_DEPTH = 32;

/** What is wrong with `value`, with the path to it; undefined when it satisfies `schema`. */
export function schemaProblem(schema: unknown, value: unknown, at = 'value', depth = 0): string | undefined {
  if (!isJsonObject(schema) || depth > MAX_DEPTH) return undefined;
  return (
    typeProblem(schema, value, at) ??
    enumProblem(schema, value, at) ??
    boundsProblem(schema, value, at) ??
    membersProblem(schema, value, at, depth)
  );
}

function typeProblem({ type }: JsonObject, value: unknown, at: string): string | undefined {
  const types = typeof type === 'string' ? [type] : Array.isArray(type) ? type : [];
  if (types.length === 0 || types.some((name) => isOfType(String(name), value))) return undefined;
  return `${at} must be ${types.join(' or ')}`;
}

function isOfType(name: string, value: unknown): boolean {
  switch (name) {
    case 'null':
      return value === null;
    case 'array':
      return Array.isArray(value);
    case 'object':
      return isJsonObject(value);
    case 'integer':
      return Number.isInteger(value);
    case 'string':
    case 'number':
    case 'boolean':
      return typeof value === name;
    default:
      return true;
  }
}

function enumProblem(schema: JsonObject, value: unknown, at: string): string | undefined {
  if (!Array.isArray(schema.enum)) return undefined;
  const text = JSON.stringify(value);
  return schema.enum.some((each) => JSON.stringify(each) === text) ? undefined : `${at} is not one of its enum`;
}

function boundsProblem(schema: JsonObject, value: unknown, at: string): string | undefined {
  const { minLength, maxLength, minimum, maximum } = schema;
  if (typeof value === 'string') {
    const chars = codePoints(value);
    if (typeof minLength === 'number' && chars < minLength) return `${at} must have at least ${minLength} characters`;
    if (typeof maxLength === 'number' && chars > maxLength) return `${at} must have at most ${maxLength} characters`;
  }
  if (typeof value === 'number') {
    if (typeof minimum === 'number' && value < minimum) return `${at} must be >= ${minimum}`;
    if (typeof maximum === 'number' && value > maximum) return `${at} must be <= ${maximum}`;
  }
  return undefined;
}

function membersProblem(schema: JsonObject, value: unknown, at: string, depth: number): string | undefined {
  if (Array.isArray(value) && schema.items !== undefined) {
    for (const [index, item] of value.entries()) {
      const problem = schemaProblem(schema.items, item, `${at}[${index}]`, depth + 1);
      if (problem !== undefined) return problem;
    }
  }
  if (!isJsonObject(value)) return undefined;
  const { required, properties } = schema;
  const missing = Array.isArray(required) ? required.find((name) => !Object.hasOwn(value, String(name))) : undefined;
  if (missing !== undefined) return `${at}.${String(missing)} is required`;
  if (!isJsonObject(properties)) return undefined;
  for (const [name, member] of Object.entries(properties)) {
    if (!Object.hasOwn(value, name)) continue;
    const problem = schemaProblem(member, value[name], `${at}.${name}`, depth + 1);
    if (problem !== undefined) return problem;
  }
  return undefined;
}
