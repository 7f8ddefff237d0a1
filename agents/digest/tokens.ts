/**
 * How many tokens a text costs a language model, without its tokenizer: an estimate that is meant to be too high rather
 * than too low, whatever the script. A test compares it with a real tokenizer.
 */
export function estimateTokens(text: string): number {
  let tokens = 0;
  for (const [run] of text.matchAll(RUNS)) tokens += costOf(run);
  return Math.ceil(tokens);
}

// Words, numbers and mixtures of both, blanks; every other character counts by itself.
const RUNS = /[A-Za-z0-9]+| +|\s|[^A-Za-z0-9\s]/gu;

function costOf(run: string): number {
  const first = run.codePointAt(0) ?? 0;
  if (/^[A-Za-z]/.test(run) && !/[0-9]/.test(run)) return Math.max(1, run.length / 3.5);
  if (/^[0-9]+$/.test(run)) return Math.max(1, run.length / 2);
  // Such as a hexadecimal id, of which a tokenizer makes almost a token a character.
  if (/^[A-Za-z0-9]/.test(run)) return run.length;
  // A single space belongs to the word behind it.
  if (first === 0x20) return run.length === 1 ? 0 : 1;
  if (first < 0x80) return 1;
  if (first < 0x2000) return 1;
  return first > 0xffff ? 4 : 2;
}
