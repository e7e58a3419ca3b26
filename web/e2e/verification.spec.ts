// Two people verify each other's keys.
import { expect, test } from './support/test';
import { acquaint } from './support/acquaint';

test('both sides see the same digits', async ({ newcomer }) => {
  const { alice, bob } = await acquaint(newcomer);
  await alice.openVerification('bob', 'Compare aloud');
  await bob.openVerification('alice', 'Compare aloud');
  const digits = (person: typeof alice) =>
    person.page.getByRole('list', { name: /^Safety number/ }).getByRole('listitem');
  await expect(digits(alice)).toHaveCount(12);
  const groups = await digits(alice).allInnerTexts();
  for (const group of groups) expect(group).toMatch(/^\d{5}$/);
  await expect(digits(bob)).toHaveText(groups);

  await alice.page.getByRole('checkbox').check();
  await alice.button('They are the same').click();
  await expect(alice.page.getByText('The keys match')).toBeVisible();
  await alice.button('Done').click();
  await expect(alice.page.getByRole('button', { name: 'Verified by you. Verify bob' })).toBeVisible();
  await expect(alice.messages('bob').getByText('You verified bob by comparing digits.')).toBeVisible();
});

test('a pasted code is compared by the machine, and a match verifies', async ({ newcomer }) => {
  const { alice, bob } = await acquaint(newcomer);
  await bob.openVerification('alice', 'Text code');
  const code = await bob.page.locator('[data-code]').innerText();
  await alice.openVerification('bob', 'Text code');
  await alice.page.getByLabel('bob’s text code').fill(`\n ${code} `);
  await alice.button('Compare').click();
  await expect(alice.page.getByText('The keys match')).toBeVisible();
  await alice.button('Done').click();
  await alice.page.reload();
  await expect(alice.page.getByRole('button', { name: 'Verified by you. Verify bob' })).toBeVisible();
});

test('codes that are mangled, or of other people, are told apart and verify nothing', async ({
  newcomer,
}) => {
  const { alice, bob } = await acquaint(newcomer);
  const carol = await newcomer('carol');
  await carol.find('bob');
  await carol.openVerification('bob', 'Text code');
  const others = await carol.page.locator('[data-code]').innerText();
  await bob.openVerification('alice', 'Text code');
  const right = await bob.page.locator('[data-code]').innerText();

  await alice.openVerification('bob', 'Text code');
  const field = alice.page.getByLabel('bob’s text code');
  await field.fill(right.slice(0, -4));
  await alice.button('Compare').click();
  await expect(alice.page.getByText('That is no verification code')).toBeVisible();
  await field.fill(others);
  await alice.button('Compare').click();
  await expect(alice.page.getByText('This code belongs to two other people')).toBeVisible();
  await alice.page.keyboard.press('Escape');
  await expect(alice.page.getByRole('button', { name: 'Not verified. Verify bob' })).toBeVisible();
});
