// History stays in the browser.
import { expect, test } from './support/test';

test('a reload shows the conversation as it was, with the draft', async ({ pair: { alice, bob } }) => {
  await bob.send('alice', 'Yes, you may.');
  await expect(alice.message('bob', 'Yes, you may.')).toBeVisible();
  await alice.composer('bob').fill('half a thought');
  await alice.composer('bob').blur();
  await alice.page.reload();
  await expect(alice.message('bob', 'May I?')).toBeVisible();
  await expect(alice.message('bob', 'Yes, you may.')).toHaveCount(1);
  await expect(alice.composer('bob')).toHaveValue('half a thought');
  await alice.composer('bob').fill('');
});

test('a long conversation opens at its end, and older messages come by scrolling', async ({
  pair: { alice, bob },
}) => {
  test.setTimeout(240_000);
  for (let index = 0; index < 80; index++) await alice.send('bob', `line ${index}.`);
  await expect(bob.message('alice', 'line 79.')).toBeVisible({ timeout: 30_000 });
  await bob.page.reload();
  await expect(bob.message('alice', 'line 79.')).toBeInViewport();
  expect(await bob.texts('alice')).not.toContain('line 0.');
  await expect(async () => {
    await bob.messages('alice').hover();
    await bob.page.mouse.wheel(0, -4_000);
    await expect(bob.message('alice', 'line 0.')).toBeInViewport({ timeout: 500 });
  }).toPass();
});
