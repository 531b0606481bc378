// What the browser tests work with: the real binary, a simulated fleet, Debian's
// Chromium.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

const root = fileURLToPath(new URL('../..', import.meta.url));
export const binary = process.env.DRYDOCK ?? join(root, 'bin/drydock');
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** Of every user of the tests. */
export const password = 'a long harbour wall';

/** Where screenshots are kept: an artefact of each test run. */
export const shots = join(root, '.cache/screens');
mkdirSync(shots, { recursive: true });

export async function freePort() {
  return new Promise((done) => {
    const s = createServer().listen(0, '127.0.0.1', () => {
      const { port } = s.address();
      s.close(() => done(port));
    });
  });
}

/** Asks again until it is true; fails with what. */
export async function until(what, ask, limit = 60_000) {
  const end = Date.now() + limit;
  for (;;) {
    const got = await ask().catch(() => undefined);
    if (got) return got;
    if (Date.now() > end) assert.fail(`not within ${limit / 1000} s: ${what}`);
    await new Promise((later) => setTimeout(later, 100));
  }
}

/** Starts the binary; stop ends that process and waits for it. */
export function start(...args) {
  const child = spawn(binary, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  child.stdout.on('data', (d) => (said += d));
  child.stderr.on('data', (d) => (said += d));
  const ended = new Promise((done) => child.on('exit', done));
  return {
    said: () => said,
    /** Its exit code, once it has ended by itself. */
    ended,
    async stop() {
      child.kill('SIGINT');
      const late = setTimeout(() => child.kill('SIGKILL'), 10_000);
      await ended;
      clearTimeout(late);
    },
  };
}

/** A server on a fresh data directory, by drydock serve or drydock demo. */
export async function serve(command, ...more) {
  assert.ok(existsSync(binary), `${binary} is missing: make build`);
  const data = mkdtempSync(join(tmpdir(), 'drydock-page-'));
  const base = `http://127.0.0.1:${await freePort()}`;
  const transfers = command === 'serve' ? ['--tftp', '127.0.0.1:0', '--ftp', '127.0.0.1:0', '--trap', '', '--server-address', '127.0.0.1'] : [];
  const server = start(command, '--data', data, '--http', base.slice(7), ...transfers, ...more);
  await until(`a server: ${server.said()}`, async () => (await fetch(`${base}/healthz`)).ok);
  const token = readFileSync(join(data, 'token'), 'utf8').trim();
  const api = async (method, path, body) => {
    const response = await fetch(base + path, { method, headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' }, body: body && JSON.stringify(body) });
    const text = await response.text();
    assert.ok(response.ok, `${method} ${path}: ${response.status} ${text}`);
    return text ? JSON.parse(text) : null;
  };
  return {
    base, data, token, api,
    said: server.said,
    async stop() {
      await server.stop();
      rmSync(data, { recursive: true, force: true });
    },
  };
}

/** A browser; each page of it fails its test on a script error or on anything that the policy refused. */
export async function browse() {
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
  });
  return {
    stop: () => browser.close(),
    async page({ scheme = 'light', width = 1280, height = 800 } = {}) {
      const context = await browser.newContext({ viewport: { width, height }, colorScheme: scheme, reducedMotion: 'reduce', acceptDownloads: true, timezoneId: 'Europe/Berlin' });
      const page = await context.newPage();
      page.wrong = [];
      page.on('pageerror', (e) => page.wrong.push(e.message));
      page.on('console', (m) => {
        if (m.type() === 'error' && !/status of 40[134]/.test(m.text())) page.wrong.push(m.text());
      });
      page.on('dialog', (d) => page.wrong.push(`a dialog: ${d.message()}`));
      return page;
    },
  };
}

/** Waits until the screen says that it is all there. */
export async function settled(page, name) {
  await page.getByRole('heading', { level: 1 }).waitFor();
  await until(`nothing is loading any more on ${name}`, async () => (await page.getByLabel('Loading', { exact: true }).or(page.getByText('Loading…')).count()) === 0);
}

const rules = { light: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa'], dark: ['color-contrast'] };

/** Holds what is on screen to WCAG 2.1 AA, and keeps a picture of it. Dark differs from light by its colours alone. */
export async function look(page, name, scheme) {
  if (scheme) {
    await page.emulateMedia({ colorScheme: scheme });
    await page.waitForFunction((wanted) => document.documentElement.dataset.mantineColorScheme === wanted, scheme);
  }
  await page.waitForFunction(() => document.getAnimations().filter((a) => a instanceof CSSTransition).length === 0);
  await page.screenshot({ path: join(shots, `${name}.png`) });
  if (await page.evaluate('!window.axe')) await page.evaluate(`${axe};0`); // neither sends axe itself back
  const found = await page.evaluate((runOnly) => window.axe.run(document, { runOnly, resultTypes: ['violations'] }), rules[scheme ?? 'light']);
  const wrong = found.violations.flatMap((v) => v.nodes.map((n) => `${v.id}: ${n.target.join(' ')}: ${n.failureSummary?.split('\n')[1] ?? ''}`));
  assert.deepEqual(wrong.slice(0, 5), [], `${name}: WCAG 2.1 AA`);
  assert.deepEqual(page.wrong, [], `${name}: errors of the page`);
  if (scheme) await page.emulateMedia({ colorScheme: 'light' });
}
