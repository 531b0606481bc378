// First start, users and their roles, hostile devices: a server without a fleet.
import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { before, describe, test } from 'node:test';
import { look, password } from './support.mjs';
import { shared } from './shared.mjs';

export default () => describe('an empty server', () => {
  let server;
  let browser;
  before(async () => {
    server = await shared.empty;
    browser = await shared.browser;
  });


  async function login(page, name) {
    await page.goto(server.base);
    await page.getByLabel('Name').fill(name);
    await page.locator('input[type=password]').fill(password);
    await page.getByRole('button', { name: 'Log in' }).click();
  }

  test('first start: the first user, the first steps, log out and in again', async () => {
    const page = await browser.page();
    await page.goto(server.base);
    await page.getByText('Welcome to drydock').waitFor();
    await look(page, 'first-start');
    const [token, secret] = await page.locator('input[type=password]').all();
    await token.fill('wrong');
    await page.getByLabel('Your name').fill('anna');
    await secret.fill(password);
    await page.getByRole('button', { name: 'Make the first user' }).click();
    await page.getByText('the token is not the right one').waitFor();
    await token.fill(server.token);
    await page.getByRole('button', { name: 'Make the first user' }).click();
    await page.getByText('Three steps to the first update').waitFor();
    await look(page, 'overview-empty');
    await page.getByRole('button', { name: 'anna' }).click();
    await page.getByText('Log out').click();
    await page.getByRole('heading', { name: 'Log in' }).waitFor();
    await look(page, 'login');
    await login(page, 'anna');
    await page.getByText('Three steps to the first update').waitFor();
    for (const [path, says] of [['devices', 'No devices yet'], ['releases', 'No release yet'], ['campaigns', 'No campaign yet'], ['backups', 'No backup yet'], ['runs', 'No run yet'], ['questions', 'Nothing waits for you']]) {
      await page.evaluate((to) => history.pushState(null, '', to), `/${path}`);
      await page.getByText(says).waitFor();
    }
  });

  test('who may not is told so, and sees no administration', async () => {
    await server.api('POST', '/api/v1/users', { name: 'vera', password, grants: [{ role: 'viewer' }] });
    const page = await browser.page();
    await login(page, 'vera');
    await page.getByText('Three steps to the first update').waitFor();
    assert.equal(await page.getByRole('link', { name: 'Audit' }).count(), 0);
    await page.goto(`${server.base}/audit`);
    await page.getByText('That did not work').waitFor();
    await page.goto(`${server.base}/devices?add=one`);
    await page.getByText('No devices yet').waitFor();
    assert.equal(await page.getByRole('dialog').count(), 0);
  });

  test('whoever may not do it sees no button for it', async () => {
    await server.api('PUT', '/api/v1/devices', [{ id: 'iad-9', address: '127.0.0.1:9', driver: 'drydock-iad', credentials: { version: 'v2c', community: 'c' } }]);
    await server.api('POST', '/api/v1/users', { name: 'otto', password, grants: [{ role: 'operator' }] });
    const buttons = { '/': ['New campaign'], '/campaigns': ['New campaign'], '/devices': ['Add'], '/devices/iad-9': ['Update…', 'Back up now', 'Remove', 'change…'], '/releases': ['Add a release'], '/enrolments': ['Make a code'], '/backups': ['Search'] };
    for (const [name, sees] of [['vera', 0], ['otto', 1]]) {
      const page = await browser.page();
      await login(page, name);
      await page.getByRole('heading', { name: 'Overview' }).waitFor();
      for (const [path, names] of Object.entries(buttons)) {
        await page.goto(server.base + path);
        await page.getByRole('heading', { level: 1 }).waitFor();
        await page.getByRole('button', { name: new RegExp(`^${name}$`) }).waitFor();
        for (const text of names) {
          const there = page.getByRole('button', { name: text, exact: true }).or(page.getByRole('link', { name: text, exact: true }));
          if (sees) await there.first().waitFor();
          else assert.equal(await there.count(), 0, `${name} sees ${text} at ${path}`);
        }
      }
      await page.context().close();
    }
    await server.api('DELETE', '/api/v1/devices/iad-9');
  });

  const hostile = ['<img src=x onerror="window.owned=1">', '<script>window.owned=1</script>', '=HYPERLINK("http://127.0.0.1/","x")', '{{constructor.constructor("window.owned=1")()}}'];

  test('what devices say of themselves stays text, in the page and in CSV files', async () => {
    await server.api('PUT', '/api/v1/devices', hostile.map((text, i) => ({ id: i === 2 ? text : `${i}${text}`, address: '127.0.0.1:9', driver: 'drydock-iad', serial: text, labels: { site: text }, credentials: { version: 'v2c', community: 'c' } })));
    const page = await browser.page();
    await page.goto(`${server.base}/devices#token=${server.token}`);
    for (const text of hostile) await page.getByText(text).first().waitFor();
    await look(page, 'devices-hostile');
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'CSV' }).click()]);
    const csv = readFileSync(await download.path(), 'utf8');
    assert.match(csv, /"'=HYPERLINK/);
    assert.doesNotMatch(csv, /(^|,|")=HYPERLINK/m);
    await page.getByRole('link', { name: `0${hostile[0]}` }).click();
    await page.getByRole('heading', { name: `0${hostile[0]}` }).waitFor();
    assert.equal(await page.evaluate('window.owned'), undefined);
    assert.deepEqual(page.wrong, []);
  });

  test('equipment announces itself, is approved, and asks about its own run', async () => {
    const page = await browser.page();
    await page.goto(`${server.base}/enrolments#token=${server.token}`);
    await page.getByText('Nothing has announced itself yet').waitFor();
    await page.getByRole('button', { name: 'Make a code' }).click();
    const code = await page.getByRole('alert').locator('p.mono').textContent();
    await server.api('POST', '/api/v1/announcements', { code, serial: 'GW-7741', model: 'Edge 4', address: '127.0.0.1:9', name: 'edge-bingen' });
    await page.getByText('waits for you').waitFor(); // it is looked for every few seconds
    await look(page, 'enrolments-waiting');
    await page.getByRole('button', { name: 'Approve' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Approve' }).click();
    await page.getByRole('link', { name: 'edge-bingen' }).click();
    await page.getByText('GW-7741').waitFor();
    const question = { id: 'q1', step: 'load', op: 'update', cause: 'device-failed', detail: 'the image is not for this board', attempt: 1, choices: ['repeat', 'stop'], askedAt: new Date().toISOString(), deadline: new Date(Date.now() + 3600e3).toISOString() };
    await server.api('PUT', '/api/v1/devices/edge-bingen/self', { run: 's1', target: '2.0', phase: 'asking', step: 'load', question });
    await page.reload();
    await page.getByText('the image is not for this board').waitFor();
    await look(page, 'self-run');
    await page.getByRole('button', { name: 'Repeat' }).click();
    await page.getByText(/answered Repeat/).waitFor();
    assert.equal((await server.api('GET', '/api/v1/devices/edge-bingen/self')).answer.choice, 'repeat');
  });

  test('a channel is set up and tried', async () => {
    const syslog = createSocket('udp4');
    await new Promise((done) => syslog.bind(0, '127.0.0.1', done));
    const heard = once(syslog, 'message');
    const page = await browser.page();
    await page.goto(`${server.base}/settings?tab=channels#token=${server.token}`);
    await page.getByText('Nobody is told yet').waitFor();
    await page.getByRole('button', { name: 'Add a channel' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Name').fill('log');
    await dialog.getByRole('combobox', { name: 'Type' }).click();
    await page.getByRole('option', { name: 'syslog' }).click();
    await dialog.getByLabel('Where it delivers').fill(`udp://127.0.0.1:${syslog.address().port}`);
    await look(page, 'add-channel');
    await dialog.getByRole('button', { name: 'Add' }).click();
    await page.getByRole('button', { name: 'Test' }).click();
    const [datagram] = await heard;
    assert.match(datagram.toString(), /^<\d+>1 .*drydock/);
    await page.getByText('a test message was delivered').waitFor();
    await look(page, 'channels-one');
    await page.getByRole('button', { name: 'Remove' }).click();
    await page.getByText('Nobody is told yet').waitFor();
    syslog.close();
  });

  test('the policy refuses scripts that are not files of the server', async () => {
    const page = await browser.page();
    await page.goto(server.base);
    await page.getByRole('heading').first().waitFor();
    await page.evaluate(() => {
      const script = document.createElement('script');
      script.textContent = 'window.owned=1';
      document.body.append(script);
    });
    assert.equal(await page.evaluate('window.owned'), undefined);
    assert.ok(page.wrong.some((w) => w.includes('Content Security Policy')), 'the browser did not refuse it');
  });
});
