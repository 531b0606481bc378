// The demonstration's fleet: every screen, light and dark; a campaign from the
// wizard to its end; backups compared. What fails is answered by the
// demonstration itself.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import { look, settled, start, until } from './support.mjs';
import { shared } from './shared.mjs';

export default () => describe('the demonstration', () => {
  let server;
  let browser;

  before(async () => {
    server = await shared.demo;
    browser = await shared.browser;
    await until('the demonstration is over', async () => {
      const runs = await server.api('GET', '/api/v1/runs');
      return runs.length >= 12 && runs.every((r) => r.state.result);
    });
  });

  test('the login link leaves no token in the address', async () => {
    const page = await browser.page();
    const link = server.said().match(/page: (\S+)/)[1];
    await page.goto(link);
    await page.getByRole('heading', { name: 'Overview' }).waitFor();
    assert.equal(new URL(page.url()).hash, '');
    await page.reload();
    await page.getByRole('heading', { name: 'Overview' }).waitFor();
    // As after a login at the organisation's provider, which sends browsers to the start.
    await page.evaluate(() => sessionStorage.setItem('drydock-wanted', '/devices?text=iad-0003'));
    await page.goto(server.base);
    await page.getByRole('link', { name: 'iad-0003' }).waitFor();
    assert.equal(page.url(), `${server.base}/devices?text=iad-0003`);
  });

  test('a campaign, from the wizard to its end', async () => {
    const page = await browser.page();
    await page.goto(`${server.base}/#token=${server.token}`);
    await page.getByRole('link', { name: 'New campaign' }).first().click();
    await page.getByLabel('Release').first().click();
    await page.getByRole('option', { name: /iad-2\.1/ }).click();
    await page.getByText('12 devices').waitFor();
    await look(page, 'wizard-targets');
    await page.getByRole('button', { name: 'Plan', exact: true }).click();
    await page.getByText('Changes to configurations').waitFor();
    await look(page, 'wizard-plan');
    await page.getByRole('button', { name: 'Waves and windows', exact: true }).click();
    await page.getByLabel('Load only within a window').check();
    await look(page, 'wizard-waves');
    await page.getByRole('button', { name: 'Remove wave 2' }).click();
    await page.getByLabel('Load only within a window').uncheck();
    await page.getByRole('button', { name: 'Consent', exact: true }).click();
    await page.getByText('What will happen').waitFor();
    const start = page.getByRole('button', { name: /^Start: / });
    assert.ok(await start.isDisabled(), 'it starts without consent');
    await page.getByRole('checkbox', { name: /^Yes: update 12 devices/ }).check();
    await look(page, 'wizard-consent');
    await start.click();
    await page.getByRole('button', { name: 'Pause' }).click();
    await page.getByText('It is paused').waitFor();
    await look(page, 'campaign-paused');
    await page.getByRole('button', { name: 'Resume' }).click();
    await page.getByText('done').first().waitFor({ timeout: 60_000 });
    const id = page.url().split('/').at(-1);
    const campaign = await server.api('GET', `/api/v1/campaigns/${id}`);
    assert.equal(campaign.status, 'done');
    await until('every cell says succeeded', async () => (await page.getByRole('button', { name: /: succeeded$/ }).count()) === campaign.tally.states.succeeded);
    await look(page, 'campaign-done');
  });

  test('a filter is saved, chosen, used by a campaign, and forgotten', async () => {
    const page = await browser.page();
    await page.goto(`${server.base}/devices?text=iad-0003#token=${server.token}`);
    await page.getByRole('button', { name: 'Saved filters' }).click();
    await page.getByRole('menuitem', { name: 'Save this filter…' }).click();
    await page.getByLabel('Name').fill('the third');
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await page.goto(`${server.base}/devices`);
    await page.getByRole('link', { name: 'iad-0004' }).waitFor();
    await page.getByRole('button', { name: 'Saved filters' }).click();
    await page.getByRole('menuitem', { name: 'the third', exact: true }).click();
    await page.getByRole('link', { name: 'iad-0004' }).waitFor({ state: 'detached' });
    assert.equal(await page.getByLabel('Search devices').inputValue(), 'iad-0003');
    await page.goto(`${server.base}/campaigns/new?release=iad-2.0`);
    await page.getByRole('combobox', { name: 'Saved filter' }).click();
    await page.getByRole('option', { name: 'the third' }).click();
    await page.getByRole('button', { name: 'Plan', exact: true }).click();
    await page.getByText('Changes to configurations').waitFor();
    await page.getByRole('link', { name: 'iad-0003' }).waitFor();
    assert.equal(await page.getByRole('link', { name: 'iad-0004' }).count(), 0);
    await page.goto(`${server.base}/devices`);
    await page.getByRole('button', { name: 'Saved filters' }).click();
    await page.getByRole('menuitem', { name: 'Forget the third' }).click();
    await until('it is forgotten', async () => (await server.api('GET', '/api/v1/filters')).length === 0);
  });

  test('a device of a campaign goes back to what it ran before', async () => {
    const page = await browser.page();
    const done = (await server.api('GET', '/api/v1/campaigns')).find((c) => c.status === 'done');
    const before = (await server.api('GET', '/api/v1/devices/iad-0002')).version;
    await page.goto(`${server.base}/campaigns/${done.id}#token=${server.token}`);
    await page.getByRole('button', { name: 'More' }).click();
    await page.getByRole('menuitem', { name: 'Back to the version before…' }).click();
    await page.getByText('get their old release again').waitFor();
    await page.getByLabel('Only those with text').fill('iad-0002');
    await look(page, 'wizard-back');
    await page.getByRole('button', { name: 'Plan', exact: true }).click();
    await page.getByText('Changes to configurations').waitFor();
    await page.getByRole('button', { name: 'Waves and windows', exact: true }).click();
    await page.getByRole('button', { name: 'Consent', exact: true }).click();
    await page.getByRole('checkbox', { name: 'Yes: bring 1 device back' }).check();
    await look(page, 'wizard-back-consent');
    await page.getByRole('button', { name: 'Start: bring 1 device back' }).click();
    await page.getByText('done').first().waitFor({ timeout: 60_000 });
    const after = (await server.api('GET', '/api/v1/devices/iad-0002')).version;
    assert.deepEqual([before, after], ['2.1', '2.0']);
  });

  test('a device says how it is spoken to, never with what', async () => {
    const page = await browser.page();
    await page.goto(`${server.base}/devices/iad-0002#token=${server.token}`);
    await page.getByText('SNMPv2c').waitFor();
    await page.getByRole('button', { name: 'change…' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.locator('input[type=password]').first().fill('public');
    await dialog.getByRole('button', { name: 'Change' }).click();
    await dialog.waitFor({ state: 'hidden' });
    await page.getByRole('tab', { name: 'Versions' }).click();
    await page.getByText('1.4 → 2.0').waitFor();
    await look(page, 'device-versions');
  });

  test('two backups compared by meaning and by line', async () => {
    const [run] = (await server.api('GET', '/api/v1/runs?outcome=updated&release=iad-2.0')).filter((r) => r.device === 'iad-0002');
    const page = await browser.page();
    await page.goto(`${server.base}/runs/${run.id}?tab=backups#token=${server.token}`);
    await page.getByRole('link', { name: /compare/ }).first().click();
    await page.getByText(/differences? in meaning/).waitFor();
    await look(page, 'compare-meaning');
    await page.getByRole('tab', { name: 'By line' }).click();
    await page.getByText(/lines differ/).waitFor();
    await look(page, 'compare-line');
  });

  test('a configuration is searched, opened on purpose, and tried against a migration', async () => {
    const page = await browser.page();
    await page.goto(`${server.base}/backups#token=${server.token}`);
    await page.getByLabel('Search in configurations').fill('HOSTNAME iad-0003');
    await page.getByRole('button', { name: 'Search' }).click();
    await page.locator('mark', { hasText: 'hostname iad-0003' }).first().waitFor();
    await look(page, 'backups-search');
    const [backup] = await server.api('GET', '/api/v1/backups?device=iad-0003');
    await page.goto(`${server.base}/backups/${backup.id}`);
    await page.getByRole('button', { name: 'Open it' }).click();
    await page.getByText('hostname iad-0003').waitFor();
    await look(page, 'backup');
    await page.goto(`${server.base}/migrations/drydock-iad`);
    await page.getByRole('tab', { name: 'Check' }).click();
    await page.getByLabel('Or a configuration').fill('! drydock-iad configuration\nconfig-version 1.4\nport fxs 1\n codec g711a\n');
    await page.getByRole('button', { name: 'Check' }).click();
    await page.getByText('fxs-codec-name').first().waitFor();
    await look(page, 'migration-check');
  });

  /** Every screen with its address. */
  async function screens() {
    const [run] = (await server.api('GET', '/api/v1/runs?outcome=updated&release=iad-2.0'));
    const [campaign] = await server.api('GET', '/api/v1/campaigns');
    return {
      overview: '/', questions: '/questions', devices: '/devices', device: '/devices/iad-0001', runs: '/runs', run: `/runs/${run.id}`, report: `/runs/${run.id}?tab=report`,
      campaigns: '/campaigns', campaign: `/campaigns/${campaign?.id}`, releases: '/releases', release: '/releases/iad-2.0', backups: '/backups', drivers: '/drivers', driver: '/drivers/drydock-iad', enrolments: '/enrolments', evidence: `/runs/${run.id}?tab=evidence`,
      migrations: '/migrations', migration: '/migrations/drydock-iad', audit: '/audit', settings: '/settings', tokens: '/settings?tab=tokens', users: '/settings?tab=users', channels: '/settings?tab=channels',
      'add-device': '/devices?add=one', discover: '/devices?add=discover', 'add-release': '/releases?add=1', 'new-campaign': '/campaigns/new',
    };
  }

  test('every screen, light and dark: WCAG 2.1 AA; none wider than a phone', async () => {
    const page = await browser.page();
    await page.goto(`${server.base}/#token=${server.token}`);
    for (const [name, path] of Object.entries(await screens())) {
      await page.evaluate((to) => history.pushState(null, '', to), path);
      await settled(page, name);
      if (path.includes('add=')) await page.getByRole('dialog').waitFor();
      await look(page, `${name}-light`);
      await look(page, `${name}-dark`, 'dark');
      await page.setViewportSize({ width: 390, height: 844 });
      assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `${name}: a phone has to scroll sideways`);
      await page.setViewportSize({ width: 1280, height: 800 });
    }
  });

  test('a campaign of two families: one release of each', async () => {
    const image = join(server.data, 'agent.img');
    writeFileSync(image, 'software of another family');
    const add = start('release', 'add', '--id', 'agent-9', '--driver', 'drydock-agent', '--version', '9', '--file', `image=${image}`, '--server', server.base, '--token', server.token);
    assert.equal(await add.ended, 0, add.said());
    await server.api('PUT', '/api/v1/devices', [['edge-1', 'drydock-agent'], ['switch-1', 'arista']].map(([id, driver]) => ({ id, address: '127.0.0.1:9', driver, credentials: { version: 'v2c', community: 'c' } })));
    const page = await browser.page();
    await page.goto(`${server.base}/campaigns/new#token=${server.token}`);
    for (const release of [/iad-2.0/, /iad-2.1/, /agent-9/]) {
      await page.getByLabel('Release').first().click();
      await page.getByRole('option', { name: release }).click();
    }
    await page.getByText('13 devices').waitFor();
    await page.getByRole('button', { name: 'Plan', exact: true }).click();
    await page.getByText("none of the campaign's releases is for arista").first().waitFor();
    await look(page, 'wizard-families');
    await page.getByRole('button', { name: '4 Consent' }).click();
    await page.getByRole('checkbox', { name: /^Yes: update .* to iad-2.1, agent-9$/ }).waitFor();
  });

  test('the first load stays below 300 KB of packed script', async () => {
    const page = await browser.page();
    let octets = 0;
    page.on('response', async (r) => {
      if (r.request().resourceType() === 'script') octets += Number(r.headers()['content-length'] ?? 0);
    });
    await page.goto(`${server.base}/#token=${server.token}`);
    await page.getByRole('heading', { name: 'Overview' }).waitFor();
    console.log(`first load: ${octets} octets of packed script`);
    assert.ok(octets > 50_000 && octets < 300_000, `${octets} octets`);
  });
});
