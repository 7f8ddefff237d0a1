import type { z } from 'zod';

const EXPECTED: Record<string, string> = {
  string: 'must be a string',
  number: 'must be a number',
  int: 'must be an integer',
  boolean: 'must be true or false',
  array: 'must be a list',
  object: 'must be a JSON object',
  record: 'must be a JSON object',
};

/**
 * The text for the first thing wrong with an input, in the words of arc-v1 §2.7. Given to zod as its error map, which
 * alone sees the offending input.
 */
export function describeIssue(issue: z.core.$ZodRawIssue): string {
  const field = (issue.path ?? []).join('.');
  if (issue.code === 'unrecognized_keys') return `unknown field: ${issue.keys.join(', ')}`;
  if (issue.input === undefined) return `${field} is required`;
  if (issue.code === 'invalid_type') {
    // Numbers in the table are integers but for waits, and a wait of the wrong type is "a number".
    const expected = EXPECTED[issue.expected] ?? `must be ${issue.expected}`;
    return `${field} ${expected}`;
  }
  if (issue.code === 'invalid_value') return `${field} must be one of: ${issue.values.map(String).join(', ')}`;
  return `${field} is not valid`;
}

/** Puts the field's name in front of predicates such as "must be at least 5"; other texts stand as they are. */
export function issueText(issue: z.core.$ZodIssue): string {
  const field = issue.path.join('.');
  return /^(must|is required)/.test(issue.message) && field !== '' ? `${field} ${issue.message}` : issue.message;
}
