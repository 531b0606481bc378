// What the browser tests share; it starts when it is imported.
import { after } from 'node:test';
import { browse, serve } from './support.mjs';

/** What the tests share: a browser, a server without a fleet, and the demonstration, which runs while the other is tested. */
export const shared = {
  browser: browse(),
  empty: serve('serve'),
  demo: serve('demo', '--hold', '--answers', 'auto', '--devices', '12'),
};

after(async () => {
  await (await shared.browser).stop();
  await Promise.all([(await shared.empty).stop(), (await shared.demo).stop()]);
});
