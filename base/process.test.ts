import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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

  it.skipIf(process.platform === 'win32')('is known by the Unix socket that it listens on', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'arc-process-'));
    const path = join(folder, 'a b.sock');
    const server = createServer().listen(path);
    await once(server, 'listening');
    const connected = connect(path);
    await once(connected, 'connect');
    const stranger = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
    try {
      await once(stranger, 'spawn');
      expect(listensOn(process.pid, path)).toBe(true);
      expect(listensOn(stranger.pid ?? 0, path)).toBe(false);
      expect(listensOn(process.pid, join(folder, 'other'))).not.toBe(true);
    } finally {
      stranger.kill('SIGKILL');
      connected.destroy();
      server.close();
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
