// Takes the pictures of README.md from the real page: node test/screenshots.mjs
// DIRECTORY. A demonstration runs, then a campaign, which is caught half-way.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { browse, serve, settled, until } from './support.mjs';

const [to = '../docs/images'] = process.argv.slice(2);
mkdirSync(to, { recursive: true });
const devices = 160;
const server = await serve('demo', '--hold', '--devices', String(devices));
const browser = await browse();

/** The page of one screen, with all that it shows. */
async function open(path, scheme) {
  const page = await browser.page({ scheme });
  await page.goto(`${server.base}${path}#token=${server.token}`);
  await settled(page, path);
  return page;
}

const shot = (page, name) => page.screenshot({ path: join(to, `${name}.png`), animations: 'disabled' });

try {
  await until('the demonstration waits for answers', async () => {
    const [runs, questions] = await Promise.all([server.api('GET', '/api/v1/runs?limit=1000'), server.api('GET', '/api/v1/questions')]);
    return runs.length >= devices && questions.length > 0 && runs.every((r) => r.state.result || r.state.phase === 'asking');
  }, 180_000);
  const [run] = await server.api('GET', '/api/v1/runs?outcome=updated&limit=1');
  const page = await open(`/runs/${run.id}?tab=report`, 'dark');
  await page.getByText('Proof:').waitFor();
  await shot(page, 'run');

  const asking = (await server.api('GET', '/api/v1/questions')).map((q) => q.device);
  const spec = { name: 'Second generation, autumn', release: 'iad-2.1', targets: { driver: 'drydock-iad', except: asking }, waves: [{ count: 4, threshold: 75 }, { percent: 25, threshold: 80 }], budget: { failures: 40, percent: 100 }, caps: { inFlight: 12 } };
  const campaign = await server.api('POST', '/api/v1/campaigns', { spec });
  const live = await open(`/campaigns/${campaign.id}`);
  const overview = await open('/');
  await until('half of it is done', async () => {
    const { tally } = await server.api('GET', `/api/v1/campaigns/${campaign.id}`);
    return (tally.states.succeeded ?? 0) > devices / 2;
  }, 180_000);
  await shot(live, 'campaign');
  await shot(overview, 'overview');
} finally {
  await browser.stop();
  await server.stop();
}
