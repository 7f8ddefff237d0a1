import type { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { parseCidr } from './cidr.js';
import { Peers } from './peers.js';

/** A request on a connection from `remoteAddress`. */
function request(peers: Peers, remoteAddress: string, headers: IncomingMessage['headers'] = {}) {
  const socket = Object.defineProperty(new Socket(), 'remoteAddress', { value: remoteAddress });
  peers.accepted(socket, 'tcp');
  return { socket, headers } as IncomingMessage;
}

describe('who a request comes from', () => {
  it('is the address of its connection, whatever its headers say, where no proxy is trusted', () => {
    const peers = new Peers([]);
    const headers = { 'x-forwarded-for': '127.0.0.1', 'x-forwarded-proto': 'https' };
    expect(peers.of(request(peers, '203.0.113.9', headers))).toEqual({
      address: '203.0.113.9',
      secure: false,
      loopback: false,
    });
  });

  it('is IPv4 in IPv6 as IPv4', () => {
    const peers = new Peers([]);
    expect(peers.of(request(peers, '::ffff:127.0.0.1'))).toMatchObject({ address: '127.0.0.1', loopback: true });
    expect(peers.of(request(peers, '::ffff:192.0.2.1'))).toMatchObject({ address: '192.0.2.1', loopback: false });
  });

  it.each<[string, string, string, boolean]>([
    ['the one that the proxy names', '203.0.113.9', '203.0.113.9', false],
    [
      'the last before the trusted ones, since what comes earlier was claimed',
      '127.0.0.1, 203.0.113.9, 10.1.2.3',
      '203.0.113.9',
      false,
    ],
    ['the first, when all are trusted', '10.0.0.7, 10.1.2.3', '10.0.0.7', false],
    ['itself on the machine of the proxy', '127.0.0.1', '127.0.0.1', true],
    ['without its port', '203.0.113.9:4711', '203.0.113.9', false],
    ['without brackets', '[2001:db8::1]:4711', '2001:db8::1', false],
    ['unknown, and not on this machine, where the proxy names no address', 'localhost', 'unknown', false],
  ])('is, behind a trusted proxy, %s', (_what, forwarded, address, loopback) => {
    const peers = new Peers(['10.0.0.0/8', '127.0.0.2']);
    const req = request(peers, '10.9.9.9', { 'x-forwarded-for': forwarded, 'x-forwarded-proto': 'https' });
    expect(peers.of(req)).toEqual({ address, secure: true, loopback });
    expect(peers.ofSocket(req.socket).address).toBe(address);
  });

  it('is the proxy itself where it forwards for nobody', () => {
    const peers = new Peers(['127.0.0.1']);
    expect(peers.of(request(peers, '127.0.0.1'))).toMatchObject({ address: '127.0.0.1', loopback: true });
  });

  it('is secure only when the proxy that is trusted says so', () => {
    const peers = new Peers(['10.0.0.0/8']);
    const plain = request(peers, '10.0.0.1', { 'x-forwarded-for': '192.0.2.1', 'x-forwarded-proto': 'http' });
    expect(peers.of(plain).secure).toBe(false);
  });
});

describe('a range of addresses', () => {
  it.each(['10.0.0.0/8', '192.0.2.7', 'fd00::/8', '::1'])('may be %s', (text) => expect(parseCidr(text)).toBeDefined());
  it.each(['', 'proxy', '10.0.0.0/33', '10.0.0.0/', 'fd00::/129', '10.0.0/8', '10.0.0.0/8/8'])('is not "%s"', (text) =>
    expect(parseCidr(text)).toBeUndefined(),
  );
});
