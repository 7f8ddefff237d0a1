/** Making tokens, and knowing them again by the digest of their secret alone (identity §2). */
import { hash, randomBytes, timingSafeEqual } from 'node:crypto';
import { type TokenText, tokenText } from '../../protocol/index.js';

export interface FreshToken extends TokenText {
  /** What its owner keeps. */
  readonly text: string;
  /** What the hub keeps. */
  readonly secret_sha256: string;
}

/** A secret of 256 random bits, under a new id or under that of the token that it is for. */
export function freshToken(id = randomBytes(9).toString('base64url').slice(0, 10)): FreshToken {
  const secret = randomBytes(32).toString('base64url');
  return { id, secret, text: tokenText({ id, secret }), secret_sha256: digest(secret) };
}

export const digest = (secret: string): string => hash('sha256', secret, 'hex');

/** In a time that does not tell how far they agree. */
export const sameDigest = (a: string, b: string): boolean => timingSafeEqual(Buffer.from(a), Buffer.from(b));
