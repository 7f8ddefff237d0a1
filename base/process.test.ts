import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { describe, expect, it } from 'vitest';
import { isAlive, listensOn } from './process.js';

describe('a process of this machine', () => {
  it('is known by the port that it listens on', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const stranger = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
    try {
      await once(stranger, 'spawn');
      expect(listensOn(process.pid, port)).toBe(true);
      expect(listensOn(stranger.pid ?? 0, port)).toBe(false);
      expect(isAlive(stranger.pid ?? 0)).toBe(true);
    } finally {
      stranger.kill('SIGKILL');
      server.close();
    }
    await once(stranger, 'close');
    expect(isAlive(stranger.pid ?? 0)).toBe(false);
    expect(listensOn(stranger.pid ?? 0, port)).not.toBe(true);
  });
});
