/** Kinds of values in the dispatcher's files; each says in its error what was expected. */
import { isAbsolute } from 'node:path';
import { z } from 'zod';
import { homePath } from '../../base/home-path.js';

export const seconds = () => positive('a number of seconds');

export const positive = (what = 'a whole number') =>
  z
    .number({ error: `expected ${what} above 0` })
    .int({ error: `expected ${what} above 0` })
    .min(1, { error: `expected ${what} above 0` });

export const atLeastZero = () =>
  z
    .number({ error: 'expected a whole number, 0 or more' })
    .int({ error: 'expected a whole number, 0 or more' })
    .min(0, { error: 'expected a whole number, 0 or more' });

export const yesNo = () => z.boolean({ error: 'expected true or false' });
export const text = () => z.string({ error: 'expected a text' });
export const texts = () => z.array(text(), { error: 'expected a list of texts' });

/** An identifier of another system, whether or not it was quoted. */
export const idText = () =>
  z.union([z.string(), z.number(), z.bigint()], { error: 'expected an id' }).transform((id) => String(id).trim());

/** A path that a person wrote, absolute or from `~`. */
export const path = () =>
  text()
    .refine((written) => isAbsolute(written) || /^~(?=$|[/\\])/.test(written), { error: 'expected an absolute path' })
    .transform(homePath);

export const choice = <const T extends readonly [string, ...string[]]>(values: T) =>
  z.enum(values, { error: `expected one of ${values.join(', ')}` });

/** An address of HTTP, without slashes at its end. */
export const httpUrl = () =>
  text()
    .refine((url) => URL.canParse(url) && /^https?:$/.test(new URL(url).protocol), { error: 'expected an http(s) URL' })
    .transform((url) => url.replace(/\/+$/, ''));

/** An address that secrets are sent to: plain only on this machine (dispatch §19.1). */
export const guardedUrl = (...schemes: [plain: string, secure: string]) =>
  text()
    .refine(
      (url) => {
        if (!URL.canParse(url)) return false;
        const { protocol, hostname } = new URL(url);
        return protocol === `${schemes[1]}:` || (protocol === `${schemes[0]}:` && isLoopback(hostname));
      },
      { error: `expected a ${schemes[1]} URL, or ${schemes[0]} on this machine` },
    )
    .transform((url) => url.replace(/\/+$/, ''));

export const isLoopback = (hostname: string) =>
  hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d+){3}$/.test(hostname);
