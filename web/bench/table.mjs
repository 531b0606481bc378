// Interactions with the table of devices, each from the key or the click to
// the rows on screen.

/** In the page: notes each key and click, and tells when what follows it is painted. */
function instruments() {
  window.bench = { asked: 0, at: 0, next: 0 };
  const note = (e) => {
    window.bench.at = e.timeStamp;
    window.bench.next = 0;
    requestAnimationFrame(() => painted().then((t) => (window.bench.next ||= t)));
  };
  for (const kind of ['input', 'click', 'wheel']) addEventListener(kind, note, { capture: true });
  // A task after a frame's callbacks runs once the frame is on its way to the screen.
  const painted = () => new Promise((done) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => done(performance.now());
    port2.postMessage(0);
  });
  window.onScreen = (test) => new Promise((done) => {
    const look = () => (test() ? painted().then((t) => done(t)) : requestAnimationFrame(look));
    requestAnimationFrame(look);
  });
}

/** Typing is sent after so long without a key (web/src/screens/Devices.tsx). */
const typing = 200;

async function measure(page, { act, test, waits = 0 }) {
  await page.evaluate(() => {
    performance.clearResourceTimings();
    window.bench.asked = performance.now();
  });
  const done = page.evaluate(`(async () => {
    const end = await window.onScreen(() => window.bench.at >= window.bench.asked && (${test})());
    const requests = performance.getEntriesByType('resource').filter((e) => e.name.includes('/api/v1/devices'));
    return { painted: end - window.bench.at, next: (window.bench.next || end) - window.bench.at, server: Math.max(0, ...requests.map((e) => e.responseEnd - e.requestStart)) };
  })()`);
  await act();
  const took = await done;
  return { ...took, painted: took.painted - waits };
}

const firstRow = `document.querySelector('tbody tr:not([aria-hidden]) td')?.textContent`;
const rowsAre = (what) => `() => document.querySelectorAll('tbody tr:not([aria-hidden])').length > 0 && (${what})`;

async function pick(page, field, option, test) {
  await page.getByRole('combobox', { name: field }).or(page.getByLabel(field, { exact: true })).first().click();
  const entry = page.getByRole('option', { name: option, exact: true });
  await entry.waitFor();
  return measure(page, { act: () => entry.click(), test });
}

/** All interactions, each some times with other values, on /devices. */
export async function interactions(page, base) {
  await page.addInitScript({ content: `(${instruments})()` });
  const open = async (query = '') => {
    await page.goto(`${base}/devices${query}`);
    await page.locator('tbody tr').first().waitFor();
    await page.waitForTimeout(400);
  };
  const all = [];
  const run = async (name, values, one) => {
    const row = { name, next: [], server: [], painted: [] };
    for (const value of values) {
      const took = await one(value);
      for (const key of ['next', 'server', 'painted']) row[key].push(took[key]);
    }
    all.push(row);
  };
  await open();
  await run('search (after the 200 ms in which typing may go on)', ['00123', '04567', '077', '09991', '0500'], async (text) => measure(page, {
    act: () => page.getByLabel('Search devices').fill(text), waits: typing,
    test: rowsAre(`document.querySelector('tbody').textContent.includes('${text}') && [...document.querySelectorAll('tbody tr:not([aria-hidden])')].every((r) => r.textContent.includes('${text}'))`),
  }));
  await open();
  await run('filter by model', ['IAD-8', 'IAD-16', 'IAD-32', 'IAD-4', 'IAD-8'], (model) => pick(page, 'Model', model, rowsAre(`[...document.querySelectorAll('tbody tr:not([aria-hidden]) td:nth-child(4)')].every((d) => d.textContent === '${model}')`)));
  await open();
  const frame = page.getByRole('region', { name: 'Devices' });
  await frame.hover();
  await run('scroll 2,000 pixels', [1, 2, 3, 4, 5, 6, 7, 8], async () => {
    const before = await page.evaluate(firstRow);
    return measure(page, { act: () => page.mouse.wheel(0, 2000), test: rowsAre(`${firstRow} !== ${JSON.stringify(before)}`) });
  });
  return all;
}
