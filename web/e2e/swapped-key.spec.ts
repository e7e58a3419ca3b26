// The relay shows another key for somebody.
import { expect, test } from './support/test';
import { acquaint } from './support/acquaint';
import { forgeDeviceLists } from './support/forge';
import type { Person } from './support/person';

/** From now on this person's relay shows forged device lists for everybody else. */
async function swapKeys(person: Person): Promise<void> {
  await person.context.route('**/v1/accounts/*/device-lists?*', async (route) => {
    const account = /accounts\/([^/]+)\//.exec(route.request().url())?.[1] ?? '';
    const response = await route.fetch();
    const honest = (await response.json()) as Parameters<typeof forgeDeviceLists>[1];
    await route.fulfill({ response, json: forgeDeviceLists(account, honest) });
  });
}

test('a swapped key of a verified person stops sending until it is resolved', async ({ newcomer, seat }) => {
  const { alice, bob } = await acquaint(newcomer);
  await bob.openVerification('alice', 'Text code');
  const code = await bob.page.locator('[data-code]').innerText();
  await bob.page.keyboard.press('Escape');
  await alice.openVerification('bob', 'Text code');
  await alice.page.getByLabel('bob’s text code').fill(code);
  await alice.button('Compare').click();
  await alice.button('Done').click();

  await swapKeys(alice);
  // Another device of Bob's makes Alice's browser ask for his list again.
  const second = await seat('bob');
  await second.signIn();

  await expect(alice.page.getByText('bob’s key is not the one you verified')).toBeVisible();
  await expect(alice.page.getByRole('button', { name: 'Key changed. Verify bob' })).toBeVisible();
  await expect(alice.messages('bob').getByText('Sending has stopped until you decide')).toBeVisible();
  await alice.send('bob', 'This must not leave.');
  await expect(alice.button('Send')).toBeDisabled();
  await expect(alice.composer('bob')).toHaveValue('This must not leave.');
  await alice.page.reload();
  await expect(alice.button('Send')).toBeDisabled();
  await expect(alice.message('bob', 'This must not leave.')).toHaveCount(0);
  await expect(bob.page.getByText('This must not leave.')).toHaveCount(0);

  await alice.button('Withdraw verification').click();
  await alice.page.getByRole('dialog').getByRole('button', { name: 'Withdraw' }).click();
  await expect(alice.page.getByText('bob’s key is not the one you verified')).toBeHidden();
  await expect(alice.button('Send')).toBeEnabled();
});
