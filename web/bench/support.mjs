// The server that is measured.
import { spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../..', import.meta.url));
const binary = process.env.DRYDOCK ?? join(root, 'bin/drydock');

export const freePort = () => new Promise((done) => {
  const s = createServer().listen(0, '127.0.0.1', () => {
    const { port } = s.address();
    s.close(() => done(port));
  });
});

/** Starts the binary; stop ends that process and waits for it. */
export function start(...args) {
  const child = spawn(binary, args, { stdio: ['ignore', 'ignore', 'inherit'] });
  const ended = new Promise((done) => child.on('exit', done));
  return {
    async stop() {
      child.kill('SIGINT');
      await ended;
    },
  };
}

/** Asks again until it is true; fails with what after 30 s. */
export async function until(what, ask) {
  for (const end = Date.now() + 30_000; Date.now() < end; await new Promise((later) => setTimeout(later, 100))) {
    const got = await ask().catch(() => undefined);
    if (got) return got;
  }
  throw new Error(`not within 30 s: ${what}`);
}
