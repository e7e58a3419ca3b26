// Many tabs of one browser.
import { expect, test } from './support/test';
import { acquaint } from './support/acquaint';

test('two tabs show the same, and another leads when the first is closed', async ({ newcomer }) => {
  const { alice, bob } = await acquaint(newcomer);
  const second = alice.at(await alice.context.newPage());
  await second.page.goto('/');
  await second.open('bob');
  await second.send('bob', 'From the second tab.');
  await expect(alice.message('bob', 'From the second tab.')).toBeVisible();
  await expect(bob.message('alice', 'From the second tab.')).toBeVisible();

  const closed = Date.now();
  await alice.page.close();
  await second.send('bob', 'After the first was closed.');
  await expect(second.message('bob', 'After the first was closed.')).toContainText(/Sent|Delivered|Read/);
  test
    .info()
    .annotations.push({ type: 'hand-over, with sending (ms)', description: String(Date.now() - closed) });
  await bob.send('alice', 'And back.');
  await expect(second.message('bob', 'And back.')).toHaveCount(1);
});

test('signing out in one tab signs out all', async ({ newcomer }) => {
  const alice = await newcomer('alice');
  const second = alice.at(await alice.context.newPage());
  await second.page.goto('/');
  await expect(second.search).toBeVisible();
  await second.signOut();
  await expect(alice.button('Create an account')).toBeVisible();
});
