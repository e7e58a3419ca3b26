// A forgotten password.
import { expect, test } from './support/test';
import { acquaint } from './support/acquaint';

const NEW_PASSWORD = 'lantern meadow octopus drizzle';

test('the recovery key and a new password bring the same account back, and alarm nobody', async ({
  newcomer,
  seat,
}) => {
  const { alice, bob } = await acquaint(newcomer);
  const returned = await seat('alice');
  const { page } = returned;
  await page.goto('/');
  await returned.button('Sign in').click();
  await returned.button('Forgotten password?').click();
  await page.getByLabel('User name').fill('alice');
  await page.getByRole('textbox', { name: 'Recovery key' }).fill(alice.words);
  await page.getByLabel('New password').fill(NEW_PASSWORD);
  await returned.button('Set new password').click();
  await expect(returned.search).toBeVisible();

  await bob.send('alice', 'Is it you?');
  await returned.open('bob');
  await expect(returned.message('bob', 'Is it you?')).toBeVisible();
  await expect(bob.page.getByText(/new key/i)).toHaveCount(0);

  const third = await seat('alice');
  await third.trySignIn();
  await expect(third.alert).toContainText('User name or password is wrong');
  third.password = NEW_PASSWORD;
  await third.signIn();
});

test('somebody else’s recovery key opens nothing', async ({ newcomer, seat }) => {
  await newcomer('alice');
  const bob = await newcomer('bob');
  const thief = await seat('alice');
  await thief.page.goto('/');
  await thief.button('Sign in').click();
  await thief.button('Forgotten password?').click();
  await thief.page.getByLabel('User name').fill('alice');
  await thief.page.getByRole('textbox', { name: 'Recovery key' }).fill(bob.words);
  await thief.page.getByLabel('New password').fill(NEW_PASSWORD);
  await thief.button('Set new password').click();
  await expect(thief.page.getByText('but not of this account')).toBeVisible();
});
