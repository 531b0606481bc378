// The page's figures with a fleet of 100,000 devices, in Debian's Chromium
// against the real binary and store: make bench-page. It prints Markdown.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { freePort, root, start, until } from './support.mjs';
import { interactions } from './table.mjs';

const devices = Number(process.env.DEVICES ?? 100_000);
const password = 'a long harbour wall';

/** A server on a directory that bench/page has filled. */
async function serve() {
  const data = mkdtempSync(join(tmpdir(), 'drydock-bench-'));
  const filled = spawnSync('go', ['run', './bench/page', '--data', data, '--devices', String(devices)], { stdio: 'inherit', cwd: root });
  if (filled.status !== 0) throw new Error('bench/page made no fleet');
  const base = `http://127.0.0.1:${await freePort()}`;
  const server = start('serve', '--data', data, '--http', base.slice(7), '--tftp', '127.0.0.1:0', '--ftp', '127.0.0.1:0', '--trap', '', '--server-address', '127.0.0.1', '--log-level', 'warn');
  await until('the server answers', async () => (await fetch(`${base}/readyz`)).ok);
  const token = readFileSync(join(data, 'token'), 'utf8').trim();
  const ask = (path, init = {}) => fetch(base + path, { ...init, headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' } });
  return { base, ask, async stop() {
    await server.stop();
    rmSync(data, { recursive: true, force: true });
  } };
}

const median = (all) => all.toSorted((a, b) => a - b)[all.length >> 1];
const ms = (n) => `${n < 10 ? n.toFixed(1) : Math.round(n)} ms`;
const kb = (octets) => `${(octets / 1000).toFixed(1)} KB`;

function table(head, rows) {
  console.log(`| ${head.join(' | ')} |\n|${head.map(() => '---|').join('')}`);
  for (const row of rows) console.log(`| ${row.join(' | ')} |`);
  console.log();
}

/** What the API takes for what a screen asks: the median of 9, and the longest. */
async function serverTimes({ ask }) {
  const paths = ['/api/v1/devices?limit=200', '/api/v1/devices?limit=200&after=iad-090000', '/api/v1/devices?limit=200&text=sn00012', '/api/v1/devices?limit=200&text=nothing-has-this',
    '/api/v1/devices?limit=200&model=IAD-8', '/api/v1/devices?limit=200&label=site=berlin-3', '/api/v1/counts', '/api/v1/counts?text=999', '/api/v1/counts?label=site=berlin-3', '/metrics'];
  const rows = [];
  for (const path of paths) {
    const took = [];
    let octets = 0;
    for (let i = 0; i < 10; i++) {
      const from = performance.now();
      octets = (await (await ask(path)).arrayBuffer()).byteLength;
      if (i > 0) took.push(performance.now() - from); // the first warms up
    }
    rows.push([`\`GET ${path}\``, ms(median(took)), ms(Math.max(...took)), kb(octets)]);
  }
  table(['request', 'median', 'longest of 9', 'JSON'], rows);
}

/** What the browser says of a load; in the page, before anything else. */
function observe() {
  const seen = (window.seen = { lcp: 0, cls: 0, blocked: 0 });
  const on = (type, each) => new PerformanceObserver((list) => list.getEntries().forEach(each)).observe({ type, buffered: true });
  on('largest-contentful-paint', (e) => (seen.lcp = e.startTime));
  on('layout-shift', (e) => (seen.cls += e.hadRecentInput ? 0 : e.value));
  on('longtask', (e) => (seen.blocked += Math.max(0, e.duration - 50)));
}

/** Lighthouse's network and processor of a phone (its "slow 4G", 4 times slower), and none of that. */
const profiles = {
  'as it is, loopback': {},
  'slow 4G (1.6 Mbit/s, 150 ms), processor 4 times slower': { net: { offline: false, latency: 150, downloadThroughput: 1.6e6 / 8, uploadThroughput: 0.75e6 / 8 }, cpu: 4 },
};

async function load(browser, base, path, state, { net, cpu }) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, storageState: state });
  const page = await context.newPage();
  const devtools = await context.newCDPSession(page);
  await devtools.send('Network.enable');
  if (net) await devtools.send('Network.emulateNetworkConditions', net);
  if (cpu) await devtools.send('Emulation.setCPUThrottlingRate', { rate: cpu });
  const kinds = new Map();
  const sent = {};
  devtools.on('Network.responseReceived', (e) => kinds.set(e.requestId, e.type));
  devtools.on('Network.loadingFinished', (e) => (sent[kinds.get(e.requestId)] = (sent[kinds.get(e.requestId)] ?? 0) + e.encodedDataLength));
  await page.addInitScript(observe);
  await page.goto(base + path);
  await page.getByRole('heading', { level: 1 }).or(page.getByRole('heading', { name: 'Log in' })).first().waitFor();
  await page.waitForTimeout(cpu ? 4000 : 1500); // what comes late counts too; the stream of events never ends
  const seen = await page.evaluate(() => ({ ...window.seen, fcp: performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0 }));
  await context.close();
  return { ...seen, script: sent.Script ?? 0, style: sent.Stylesheet ?? 0, rest: (sent.Fetch ?? 0) + (sent.XHR ?? 0) + (sent.Document ?? 0) };
}

async function loads(browser, base, state) {
  const rows = [];
  for (const [profile, slow] of Object.entries(profiles)) {
    for (const [name, path, who] of [['Log in', '/'], ['Overview', '/', state], ['Devices', '/devices', state]]) {
      const all = [];
      for (let i = 0; i < 3; i++) all.push(await load(browser, base, path, who, slow));
      const of = (key) => median(all.map((one) => one[key]));
      rows.push([profile, name, kb(of('script')), kb(of('style')), ms(of('fcp')), ms(of('lcp')), ms(of('blocked')), of('cls').toFixed(3)]);
    }
  }
  table(['network and processor', 'first load of', 'script', 'styles', 'first contentful paint', 'largest contentful paint', 'total blocking time', 'cumulative layout shift'], rows);
}

async function login(browser, { base, ask }) {
  await ask('/api/v1/users', { method: 'POST', body: JSON.stringify({ name: 'anna', password, grants: [{ role: 'administrator' }] }) });
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
  const page = await context.newPage();
  await page.goto(base);
  await page.getByLabel('Name').fill('anna');
  await page.locator('input[type=password]').fill(password);
  await page.getByRole('button', { name: 'Log in' }).click();
  await page.getByRole('navigation').waitFor();
  return { context, page, state: await context.storageState() };
}

const chrome = process.env.CHROMIUM ?? '/usr/bin/chromium';
if (!existsSync(chrome)) throw new Error(`${chrome} is missing: apt-get install chromium`);
const server = await serve();
const browser = await chromium.launch({ executablePath: chrome, args: ['--no-sandbox', '--disable-quic', '--disable-background-networking', '--no-first-run', '--disable-smooth-scrolling'] });
try {
  console.log(`${devices.toLocaleString('en')} devices; ${cpus().length} cores, of which ${loadavg()[0].toFixed(1)} are busy with other work\n`);
  await serverTimes(server);
  const { context, page, state } = await login(browser, server);
  const rows = await interactions(page, server.base);
  table(['interaction', 'next paint', 'answer of the server', 'rows on screen', 'longest'], rows.map((r) => [r.name, ms(median(r.next)), ms(median(r.server)), ms(median(r.painted)), ms(Math.max(...r.painted))]));
  await context.close();
  await loads(browser, server.base, state);
} finally {
  await browser.close();
  await server.stop();
}
