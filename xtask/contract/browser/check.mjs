// Looks at the documentation page as a reader does: in Chromium, on a phone and a desktop, in light and dark, with a
// keyboard, and with axe. Asks the service at HUSH_URL with the tokens HUSH_OWNER and HUSH_MEMBER; screenshots go to
// the folder HUSH_SCREENSHOTS. The page has to tell of each of HUSH_VERSIONS, a JSON list.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { chromium } from 'playwright-core';

const { HUSH_URL, HUSH_OWNER, HUSH_MEMBER, HUSH_CHROMIUM, HUSH_SCREENSHOTS, HUSH_VERSIONS } = process.env;
const AXE = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];
const SCREENS = [
  ['desktop', 1280, 900],
  ['phone', 360, 740],
].flatMap(([name, width, height]) => ['light', 'dark'].map((scheme) => ({ name, width, height, scheme })));

const document = await (await fetch(`${HUSH_URL}/openapi.json`)).json();
const operations = Object.entries(document.paths).flatMap(([path, item]) =>
  Object.entries(item).map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })));
const versions = JSON.parse(HUSH_VERSIONS);
const codes = document.components.schemas.Code.enum;

const browser = await chromium.launch({
  executablePath: HUSH_CHROMIUM,
  args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
    '--disable-background-networking', '--disable-component-update', '--disable-sync'],
});

// A page on a screen, which notes whatever it does that it should not.
async function open(screen, path) {
  const context = await browser.newContext({
    viewport: { width: screen.width, height: screen.height },
    colorScheme: screen.scheme,
  });
  const page = await context.newPage();
  const faults = [];
  page.on('request', (request) => {
    const url = new URL(request.url());
    if (url.protocol !== 'data:' && url.origin !== HUSH_URL) faults.push(`asked ${url.origin}`);
  });
  page.on('response', (response) => {
    if (response.status() >= 400 && !response.url().includes('/v1/')) faults.push(`${response.status()} ${response.url()}`);
  });
  page.on('pageerror', (error) => faults.push(String(error)));
  await page.addInitScript(() => {
    window.reports = [];
    window.document.addEventListener('securitypolicyviolation', (event) =>
      window.reports.push(`${event.effectiveDirective} ${event.blockedURI}`));
  });
  await page.goto(`${HUSH_URL}${path}`);
  return { context, page, faults };
}

const section = (page, { path, method, operation }) =>
  page.locator(`[id$="tag/${operation.tags[0]}/${method}${path}"]`).first();

async function accessible(page, where) {
  await page.evaluate(`${AXE};0`);
  const found = await page.evaluate(async (rules) => {
    const { violations } = await window.axe.run(window.document, {
      resultTypes: ['violations'],
      runOnly: { type: 'tag', values: rules },
    });
    return violations.flatMap(({ id, nodes }) => nodes.map(({ target, html, any }) =>
      `${id}: ${target} ${html.slice(0, 200)} ${any.map(({ message }) => message)}`));
  }, RULES);
  assert.deepEqual(found, [], where);
}

async function fits(page, where) {
  const [content, view] = await page.evaluate(() =>
    [window.document.documentElement.scrollWidth, window.innerWidth]);
  assert.ok(content <= view, `${where}: ${content} px wide in ${view}`);
}

// Whoever presses Tab often enough gets everywhere.
async function tabTo(page, locator, most = 400) {
  const target = await locator.elementHandle();
  for (let pressed = 0; pressed < most; pressed += 1) {
    await page.keyboard.press('Tab');
    if (await page.evaluate((wanted) => wanted === window.document.activeElement
      || wanted.contains(window.document.activeElement), target)) return;
  }
  assert.fail(`no Tab leads to ${locator}`);
}

async function close({ context, page, faults }, where) {
  assert.deepEqual(faults, [], where);
  // The policy keeps inline styles off; what is shown in their place comes from a file. Nothing else is tried.
  const reports = await page.evaluate(() => window.reports);
  const others = reports.filter((report) => !/^(style-src-(elem|attr) inline|script-src eval)$/.test(report));
  assert.deepEqual(others, [], where);
  await context.close();
}

// The picker beside a sample offers the others, each whole but for the address, which is this service's.
async function everySample(place, samples) {
  let shown = samples[0];
  for (const sample of [...samples.slice(1), samples[0]]) {
    await place.getByRole('button', { name: shown.label }).click();
    await place.page().getByRole('option', { name: sample.label }).click();
    await place.getByRole('button', { name: sample.label }).waitFor();
    const words = (await place.innerText()).replace(/\s+/g, '');
    // Lines are numbered on the page.
    for (const line of sample.source.replaceAll('http://127.0.0.1:8080', HUSH_URL).split('\n')) {
      assert.ok(words.includes(line.replace(/\s+/g, '')), `${sample.label} is shown without ${line}`);
    }
    shown = sample;
  }
}

// The page as it comes, with every operation on it.
async function everyOperation(screen) {
  const where = `${screen.name}, ${screen.scheme}`;
  const opened = await open(screen, '/docs');
  const { page } = opened;
  for (const entry of operations) {
    const place = section(page, entry);
    await place.waitFor({ state: 'attached', timeout: 30000 });
  }
  const guide = await page.locator('main').innerText();
  for (const word of ['Never share your token', 'Access levels', 'Scopes', 'Rate limits', 'Back off in JavaScript',
    'Back off in Python', 'Back off with curl', 'Errors', 'Versions', ...versions]) {
    assert.ok(guide.includes(word), `${where}: the page does not say "${word}"`);
  }
  await accessible(page, where);
  await fits(page, where);
  await page.screenshot({ path: join(HUSH_SCREENSHOTS, `docs-${screen.name}-${screen.scheme}.png`) });
  for (const entry of operations) {
    const place = section(page, entry);
    await place.scrollIntoViewIfNeeded();
    const { operationId, summary, description, 'x-codeSamples': samples } = entry.operation;
    await place.getByText(summary, { exact: true }).first().waitFor();
    const words = await place.innerText();
    const needs = /access level `(\w+)`|scope `([\w:]+)`/g;
    for (const [, level, scope] of (description ?? '').matchAll(needs)) {
      assert.ok(words.includes(level ?? scope), `${where}: ${operationId} is shown without ${level ?? scope}`);
    }
    // One sample is shown, and the button beside it offers the others.
    assert.ok(words.includes(samples[0].label), `${where}: ${operationId} is shown without its samples`);
  }
  const links = await page.locator('main a[href*="docs/problems/"]').evaluateAll((found) => found.map((link) => link.href));
  assert.deepEqual([...new Set(links.map((link) => link.split('/').pop()))].sort(), [...codes].sort(), where);
  const entry = operations.find(({ path }) => path === '/v1/users/{id}');
  const first = section(page, entry);
  await first.scrollIntoViewIfNeeded();
  await everySample(first, entry.operation['x-codeSamples']);
  await page.screenshot({ path: join(HUSH_SCREENSHOTS, `operation-${screen.name}-${screen.scheme}.png`) });
  await accessible(page, `${where}, scrolled`);
  await fits(page, `${where}, scrolled`);
  await close(opened, where);
}

// The console by keyboard alone: an answer that is good, one that is not, and nothing that stays behind.
async function tryIt(screen) {
  const where = `${screen.name}, ${screen.scheme}, console`;
  const opened = await open(screen, '/docs');
  const { page } = opened;
  const wanted = operations.find(({ operation }) => operation.operationId === 'getServerStats');
  const place = section(page, wanted);
  await place.waitFor({ state: 'attached', timeout: 30000 });
  await place.scrollIntoViewIfNeeded();
  const button = place.getByRole('button', { name: /Test Request/ });
  await button.waitFor();
  // From the top of the page, as nobody has touched it yet.
  await tabTo(page, button, 1500);
  await page.keyboard.press('Enter');
  const dialog = page.getByRole('dialog');
  await dialog.waitFor();
  for (const [token, status, word] of [[HUSH_OWNER, '200', '"members"'], [HUSH_MEMBER, '403', 'insufficient-access']]) {
    const field = dialog.getByRole('textbox', { name: /Token/ }).first();
    await tabTo(page, field, 200);
    await page.keyboard.press('Control+A');
    await page.keyboard.insertText(token);
    await tabTo(page, dialog.getByRole('button', { name: /Send/ }).first(), 200);
    await page.keyboard.press('Enter');
    await dialog.getByText(new RegExp(`^${status}`)).first().waitFor();
    await dialog.getByText(word).first().waitFor();
    const hidden = await field.evaluate((element) => getComputedStyle(element).webkitTextSecurity);
    assert.equal(hidden, 'disc', `${where}: the token stands there to be read`);
    const shown = await dialog.innerText();
    assert.ok(!shown.includes(token), `${where}: the token is shown`);
    await accessible(page, `${where}, ${status}`);
    await fits(page, `${where}, ${status}`);
    await page.screenshot({ path: join(HUSH_SCREENSHOTS, `console-${status}-${screen.name}-${screen.scheme}.png`) });
  }
  const kept = await page.evaluate(async () => JSON.stringify([
    { ...localStorage }, { ...sessionStorage }, window.document.cookie, await indexedDB.databases(), location.href,
  ]));
  for (const token of [HUSH_OWNER, HUSH_MEMBER]) assert.ok(!kept.includes(token), `${where}: ${kept}`);
  await tabTo(page, dialog.getByRole('button', { name: /Close/ }).first(), 200);
  await page.keyboard.press('Enter');
  await dialog.waitFor({ state: 'hidden' });
  await close(opened, where);
}

// Every error code has its page, and the page links to each.
async function errorPages(screen) {
  const where = `${screen.name}, ${screen.scheme}, errors`;
  const opened = await open(screen, '/docs/problems');
  const { page } = opened;
  const links = await page.locator('main a').evaluateAll((found) => found.map((link) => link.href));
  assert.deepEqual(links.map((link) => link.split('/').pop()).sort(), [...codes].sort(), where);
  await accessible(page, where);
  await fits(page, where);
  // They are made from one template: one screen sees them all, the others a few.
  for (const link of screen === SCREENS[0] ? links : links.slice(0, 3)) {
    await page.goto(link);
    assert.ok((await page.locator('main').innerText()).includes(link.split('/').pop()), link);
    await accessible(page, link);
    await fits(page, link);
  }
  await page.screenshot({ path: join(HUSH_SCREENSHOTS, `error-${screen.name}-${screen.scheme}.png`) });
  await close(opened, where);
}

// The policy is there, and lets nothing else be asked.
async function askElsewhere() {
  const { context, page } = await open(SCREENS[0], '/docs/problems');
  await page.evaluate(() => fetch('https://hush.example.com/').catch(() => {}));
  await page.waitForFunction(() => window.reports.length > 0);
  assert.deepEqual(await page.evaluate(() => window.reports), ['connect-src https://hush.example.com/']);
  await context.close();
}

// Whoever gets the page and not what it shows learns so, and where to read on.
async function withoutReference() {
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.route('**/docs/reference.json', (route) => route.fulfill({ status: 503, body: '{}' }));
  await page.goto(`${HUSH_URL}/docs`);
  await page.getByText('the service answered 503').waitFor();
  await page.getByRole('link', { name: 'errors' }).waitFor();
  await accessible(page, 'without the reference');
  await context.close();
}

await askElsewhere();
await withoutReference();
await Promise.all(SCREENS.map(async (screen) => {
  await errorPages(screen);
  await tryIt(screen);
  await everyOperation(screen);
}));
await browser.close();
console.log(`${operations.length} operations and ${codes.length} errors on ${SCREENS.length} screens`);
