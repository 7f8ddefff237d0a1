import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatInvite, type Invite, inviteUrl, joinCommand, parseInvite } from './invite-link.js';

const TOKEN = `arct_${'i'.repeat(10)}_${'s'.repeat(43)}`;
const PIN = 'f'.repeat(43);

const base64url = (length: number) =>
  fc.string({ unit: fc.constantFrom(...'ABCXYZabcxyz0189-_'), minLength: length, maxLength: length });

describe('an invite', () => {
  it('comes out of its link as it went in', () => {
    const invites = fc.record({
      host: fc.oneof(fc.domain(), fc.ipV4(), fc.ipV6()),
      port: fc.integer({ min: 1, max: 65_535 }),
      fingerprint: fc.option(base64url(43), { nil: undefined }),
      token: fc.tuple(base64url(10), base64url(43)).map(([id, secret]) => `arct_${id}_${secret}`),
    });
    fc.assert(
      fc.property(invites, (invite) => {
        expect(parseInvite(formatInvite(invite))).toEqual(invite);
      }),
    );
  });

  it('is one word to a shell', () => {
    const invite: Invite = { host: 'hub.local', port: 6_969, fingerprint: PIN, token: TOKEN };
    expect(joinCommand(invite)).toBe(`arc join 'arc://hub.local:6969?fp=${PIN}#${TOKEN}'`);
  });

  it.each<[Omit<Invite, 'token'>, string]>([
    [{ host: 'Hub.Local', port: 6_969, fingerprint: PIN }, 'https://hub.local:6969'],
    [{ host: '192.0.2.1', port: 443, fingerprint: PIN }, 'https://192.0.2.1'],
    [{ host: 'fd00::1', port: 7_000 }, 'http://[fd00::1]:7000'],
  ])('of %o is the hub at %s', (place, url) => expect(inviteUrl({ ...place, token: TOKEN })).toBe(url));

  it.each([
    ['', 'it looks like arc://HOST:PORT?fp=…#TOKEN'],
    [`https://h:1?fp=${PIN}#${TOKEN}`, 'it looks like'],
    [`arc://h?fp=${PIN}#${TOKEN}`, 'it looks like'],
    [`arc://h:0?fp=${PIN}#${TOKEN}`, 'there is no port 0'],
    [`arc://h:70000?fp=${PIN}#${TOKEN}`, 'there is no port 70000'],
    [`arc://user@h:1?fp=${PIN}#${TOKEN}`, 'it looks like'],
    [`arc://h:1#${TOKEN}`, 'it names no fingerprint'],
    [`arc://h:1?fp=${PIN.slice(1)}#${TOKEN}`, 'its fingerprint must be 43 letters'],
    [`arc://h:1?fp=${PIN}#${TOKEN.slice(0, -1)}`, 'what follows # is no token; is it cut off?'],
    [`arc://h:1?fp=${PIN}`, 'it looks like'],
  ])('is not %s', (link, why) => {
    expect(() => parseInvite(link)).toThrow(
      expect.objectContaining({ code: 'bad_request', message: expect.stringContaining(why) }),
    );
    // The secret must not end up in logs by way of an error.
    expect(() => parseInvite(link)).not.toThrow(expect.objectContaining({ message: expect.stringContaining('sss') }));
  });

  it('is never mistaken, whatever is pasted', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(() => parseInvite(`arc://${text}`)).toThrow(expect.objectContaining({ code: 'bad_request' }));
      }),
    );
  });
});
