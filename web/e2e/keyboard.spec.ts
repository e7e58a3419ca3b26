// Everything by keyboard alone.
import { expect, test } from './support/test';
import type { Person } from './support/person';

/** Presses Tab until this has the focus. */
async function tabTo(person: Person, name: string | RegExp): Promise<void> {
  const target = person.page.getByRole('button', { name }).or(person.page.getByLabel(name)).first();
  await target.waitFor();
  for (let presses = 0; presses < 40; presses++) {
    if (await target.evaluate((element) => element === document.activeElement)) return;
    await person.page.keyboard.press('Tab');
  }
  throw new Error(`Tab does not reach ${String(name)}`);
}

test('register, find somebody and write to them, without a pointer', async ({ newcomer, seat }) => {
  await newcomer('bob');
  const alice = await seat('alice');
  const { keyboard } = alice.page;
  await alice.page.goto('/');
  await tabTo(alice, 'Create an account');
  await keyboard.press('Enter');
  await tabTo(alice, 'User name');
  await keyboard.type('alice');
  await tabTo(alice, /^Password$/);
  await keyboard.type(alice.password);
  await keyboard.press('Enter');
  await tabTo(alice, 'I have written it down');
  const items = alice.page
    .getByRole('list', { name: 'Your recovery key: twelve words' })
    .getByRole('listitem');
  const words = (await items.allInnerTexts()).map((text) => text.replace(/\d+|\s+/g, '')).join(' ');
  await keyboard.press('Enter');
  await tabTo(alice, 'Recovery key');
  await keyboard.type(words);
  await tabTo(alice, 'Check');
  await keyboard.press('Enter');
  await tabTo(alice, 'To your conversations');
  await keyboard.press('Enter');
  await tabTo(alice, 'Search people');
  await keyboard.type('bo');
  await alice.page.getByRole('list', { name: 'People' }).waitFor();
  await keyboard.press('ArrowDown');
  await keyboard.press('Enter');
  await expect(alice.composer('bob')).toBeFocused();
  await keyboard.type('No mouse.');
  await keyboard.press('Enter');
  await expect(alice.message('bob', 'No mouse.')).toBeVisible();
  await keyboard.press('Control+k');
  await expect(alice.page.getByPlaceholder('Type a name')).toBeFocused();
  await keyboard.press('Escape');
  await expect(alice.composer('bob')).toBeFocused();
});
