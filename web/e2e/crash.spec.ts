// Browsers that go away at bad moments.
import { expect, test } from './support/test';
import { acquaint } from './support/acquaint';

test('what was shown as taken is sent, though the page is closed at once', async ({ newcomer }) => {
  const { alice, bob } = await acquaint(newcomer);
  for (let round = 0; round < 5; round++) {
    const text = `before closing ${round}.`;
    const page = await alice.context.newPage();
    await alice.page.close();
    alice.page = page;
    await page.goto('/');
    await alice.open('bob');
    await alice.send('bob', text);
    await alice.message('bob', text).waitFor();
  }
  const expected = Array.from({ length: 5 }, (_, round) => `before closing ${round}.`);
  await expect.poll(async () => (await bob.texts('alice')).slice(1)).toEqual(expected);
});

test('a recipient who crashes while messages arrive has each of them once', async ({ newcomer }) => {
  const { alice, bob } = await acquaint(newcomer);
  const texts = Array.from({ length: 30 }, (_, index) => `arrival ${index}.`);
  const sending = (async () => {
    for (const text of texts) await alice.send('bob', text);
  })();
  for (let crash = 0; crash < 3; crash++) {
    const page = await bob.context.newPage();
    await bob.page.close();
    bob.page = page;
    await page.goto('/');
    await bob.open('alice');
  }
  await sending;
  await expect
    .poll(async () => (await bob.texts('alice')).filter((text) => text.startsWith('arrival')), {
      timeout: 30_000,
    })
    .toEqual(texts);
});
