// History stays in the browser.
import { expect, test } from './support/test';
import { acquaint } from './support/acquaint';

test('a reload shows the conversation as it was, with the draft', async ({ newcomer }) => {
  const { alice, bob } = await acquaint(newcomer);
  await bob.send('alice', 'Yes, you may.');
  await expect(alice.message('bob', 'Yes, you may.')).toBeVisible();
  await alice.composer('bob').fill('half a thought');
  await alice.composer('bob').blur();
  await alice.page.reload();
  await expect.poll(() => alice.texts('bob')).toEqual(['May I?', 'Yes, you may.']);
  await expect(alice.composer('bob')).toHaveValue('half a thought');
});

test('a long conversation opens at its end, and older messages come by scrolling', async ({ newcomer }) => {
  test.setTimeout(120_000);
  const { alice, bob } = await acquaint(newcomer);
  for (let index = 0; index < 150; index++) await alice.send('bob', `line ${index}.`);
  await expect(bob.message('alice', 'line 149.')).toBeVisible({ timeout: 30_000 });
  await bob.page.reload();
  await expect(bob.message('alice', 'line 149.')).toBeInViewport();
  expect((await bob.texts('alice')).length).toBeLessThan(150);
  await expect(async () => {
    await bob.messages('alice').hover();
    await bob.page.mouse.wheel(0, -4_000);
    await expect(bob.message('alice', 'May I?')).toBeInViewport({ timeout: 500 });
  }).toPass();
});
