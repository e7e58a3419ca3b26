// One account in two browsers.
import { expect, test } from './support/test';
import { acquaint } from './support/acquaint';

test('a second browser receives from then on, both show both sides, and nobody is alarmed', async ({
  newcomer,
  seat,
}) => {
  const { alice, bob } = await acquaint(newcomer);
  const second = await seat('alice');
  await second.signIn();

  await bob.send('alice', 'To both of yours.');
  await expect(alice.message('bob', 'To both of yours.')).toBeVisible();
  await second.open('bob');
  await expect(second.message('bob', 'To both of yours.')).toBeVisible();

  await second.send('bob', 'From the new one.');
  await expect(bob.message('alice', 'From the new one.')).toBeVisible();
  await expect(alice.message('bob', 'From the new one.')).toBeVisible();
  await alice.send('bob', 'From the old one.');
  await expect(second.message('bob', 'From the old one.')).toBeVisible();

  await expect(bob.page.getByText(/new key/i)).toHaveCount(0);
  await expect(bob.page.getByRole('button', { name: 'Not verified. Verify alice' })).toBeVisible();
});

test('a removed device is signed out, with the reason', async ({ newcomer, seat }) => {
  const alice = await newcomer('alice');
  const second = await seat('alice');
  await second.signIn();
  await alice.openSettings();
  await alice.page.getByRole('link', { name: 'Devices' }).click();
  await alice.page.getByRole('button', { name: /^Remove: / }).click();
  await alice.page.getByRole('dialog').getByRole('button', { name: 'Remove device' }).click();
  await expect(second.page.getByText('This browser was removed from your account')).toBeVisible();
  await expect(alice.page.getByRole('button', { name: /^Remove: / })).toHaveCount(0);
});
