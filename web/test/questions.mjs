// Questions answered in bulk, by keyboard and on a phone: a simulated fleet of
// which many fail for the same cause.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort, look, password, start, until } from './support.mjs';
import { shared } from './shared.mjs';

export default () => describe('a fleet that asks', () => {
  let server;
  let browser;
  const devices = 8;
  let fleet;

  before(async () => {
    server = await shared.empty;
    browser = await shared.browser;
    const file = join(server.data, 'fleet.csv');
    const faults = Array.from({ length: devices }, (_, i) => `dev=${i + 1} op=backup fault=fail count=1`).join('; ');
    fleet = start('sim', '--devices', String(devices), '--first', '127.77.0.1', '--port', String(await freePort()), '--speed', '20', '--faults', faults, '--import', file);
    await until('a fleet', async () => existsSync(file) && readFileSync(file, 'utf8').trim().split('\n').length > devices);
    const rows = readFileSync(file, 'utf8').trim().split('\n').slice(1).map((l) => l.split(','));
    await server.api('PUT', '/api/v1/devices', rows.map(([id, address, driver]) => ({ id, address, driver, credentials: { version: 'v2c', community: 'public' } })));
    await server.api('POST', '/api/v1/runs', { devices: rows.map(([id]) => id), goal: 'backup' });
    await until('every device asks', async () => (await server.api('GET', '/api/v1/questions')).length === devices);
  });
  after(() => fleet?.stop());

  test('one device is answered on a phone', async () => {
    const page = await browser.page({ width: 390, height: 844 });
    await page.goto(`${server.base}/questions#token=${server.token}`);
    await page.getByText(`${devices} devices`).first().waitFor();
    await look(page, 'questions-phone');
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'the phone has to scroll sideways');
    await page.getByLabel('Choose all of device failed').uncheck();
    await page.getByLabel('Choose iad-0001').check();
    await page.getByRole('button', { name: 'Stop', exact: true }).click();
    await page.getByRole('dialog').getByText('iad-0001').waitFor();
    await look(page, 'questions-phone-consent');
    await page.getByRole('dialog').getByRole('button', { name: 'Stop' }).click();
    await until('seven are left', async () => (await server.api('GET', '/api/v1/questions')).length === devices - 1);
    await page.getByText(`${devices - 1} devices waiting`, { exact: false }).waitFor();
  });

  test('an answer link leads to the login, and back to the question', async () => {
    const [q] = await server.api('GET', '/api/v1/questions');
    const page = await browser.page();
    await page.goto(`${server.base}/questions/${encodeURIComponent(q.id)}?answer=repeat`);
    await page.getByLabel('Name').fill('anna');
    await page.locator('input[type=password]').fill(password);
    await page.getByRole('button', { name: 'Log in' }).click();
    await page.getByRole('dialog').getByText(q.device).waitFor();
    await page.getByRole('dialog').getByRole('button', { name: 'Repeat' }).waitFor();
    await look(page, 'answer-link');
    await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click();
    assert.equal(page.url(), `${server.base}/questions/${encodeURIComponent(q.id)}`);
  });

  test('the rest is answered at once, by keyboard alone', async () => {
    const page = await browser.page({ scheme: 'dark' });
    await page.goto(`${server.base}/questions#token=${server.token}`);
    await page.getByText(`${devices - 1} devices`).first().waitFor();
    await look(page, 'questions-keys');
    await page.keyboard.press('j');
    await page.keyboard.press('r');
    await page.getByRole('dialog').waitFor();
    await page.keyboard.press('Enter');
    await page.getByText('Nothing waits for you').waitFor();
    await until('the backups are taken', async () => (await server.api('GET', '/api/v1/runs?outcome=backed-up')).length === devices - 1);
    assert.deepEqual(page.wrong, []);
  });

  test('the address of a question that was answered says by whom', async () => {
    const [q] = await server.api('GET', '/api/v1/questions?all=true');
    const page = await browser.page();
    await page.goto(`${server.base}/questions/${encodeURIComponent(q.id)}#token=${server.token}`);
    await page.getByText(/answered (stop|repeat)/).waitFor();
  });
});
