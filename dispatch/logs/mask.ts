import { withoutSecrets } from '../../protocol/token.js';

const PATTERNS: readonly RegExp[] = [
  /\b(?:sk|pk|rk)-[A-Za-z0-9_-]{16,}/g,
  /\bgh[pousr]_[A-Za-z0-9]{20,}/g,
  /\bgithub_pat_[A-Za-z0-9_]{20,}/g,
  /\bxox[abprs]-[A-Za-z0-9-]{10,}/g,
  /\bAKIA[A-Z0-9]{16}\b/g,
  /\bAIza[A-Za-z0-9_-]{30,}/g,
  // A bot token of Discord: id, time and signature.
  /\b[A-Za-z0-9_-]{23,28}\.[A-Za-z0-9_-]{6}\.[A-Za-z0-9_-]{27,}/g,
  /\bey[A-Za-z0-9_-]{10,}\.ey[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}/g,
];
const NAMED = /\b(bearer|token|password|passwd|secret|api[_-]?key)(["']?\s*[:= ]\s*["']?)([^\s"',;]{8,})/gi;

/** `text` without what looks like a key, whoever made it. */
export function masked(text: string): string {
  const plain = PATTERNS.reduce((rest, pattern) => rest.replace(pattern, '***'), withoutSecrets(text));
  return plain.replace(NAMED, (_, name, between) => `${name}${between}***`);
}
