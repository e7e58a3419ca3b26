// Making an account: names, passwords, the recovery key.
import { expect, test } from './support/test';

test('names that can not be are refused in words, whatever their case', async ({ newcomer, seat }) => {
  await newcomer('carol');
  const person = await seat('dora');
  const { page } = person;
  await page.goto('/');
  await person.button('Create an account').click();
  const name = page.getByLabel('User name');
  await page.getByLabel('Password', { exact: true }).fill(person.password);
  for (const [tried, words] of [
    ['ab', 'at least 3 characters'],
    ['a'.repeat(33), 'at most 32 characters'],
    ['dora dora', 'made of letters a to z'],
    ['-dora', 'made of letters a to z'],
    ['Admin', 'could be taken for the server'],
    ['CAROL', 'Somebody here has this name already'],
  ] as const) {
    await name.fill(tried);
    await person.button('Create account').click();
    await expect(page.getByText(words)).toBeVisible();
  }
  await expect(page.getByLabel('Password', { exact: true })).toHaveValue(person.password);
});

test('a weak password is refused, with advice', async ({ seat }) => {
  const person = await seat('dora');
  await person.page.goto('/');
  await person.button('Create an account').click();
  await person.page.getByLabel('User name').fill('dora');
  await person.page.getByLabel('Password', { exact: true }).fill('dora1234');
  await person.button('Create account').click();
  await expect(person.page.getByText('Please choose a stronger password')).toBeVisible();
});

test('the recovery key counts as saved only once it was read back', async ({ seat }) => {
  const person = await seat('dora');
  const { page } = person;
  await person.fillRegistration();
  const words = person.words.split(' ');
  await person.button('I have written it down').click();
  const field = page.getByRole('textbox', { name: 'Recovery key' });
  for (const [tried, complaint] of [
    [words.slice(1).join(' '), 'these are 11'],
    [['sotto', ...words.slice(1)].join(' '), 'Word 1 is not in the list'],
    [Array<string>(12).fill('zoo').join(' '), 'together they are no recovery key'],
    [
      'abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about',
      'but not of this account',
    ],
  ] as const) {
    await field.fill(tried);
    await person.button('Check').click();
    await expect(page.getByText(complaint)).toBeVisible();
  }
  await field.fill(words.join('\n').toUpperCase());
  await person.button('Check').click();
  await expect(page.getByText('Your recovery key was read back')).toBeVisible();
});

test('a page that was closed before the read-back goes on reminding of it', async ({ seat }) => {
  const person = await seat('dora');
  await person.fillRegistration();
  await person.page.reload();
  await expect(person.page.getByText('Your recovery key has not been read back yet.')).toBeVisible();
  await person.button('Read it back').click();
  await person.page.getByRole('textbox', { name: 'Recovery key' }).fill(person.words);
  await person.button('Check').click();
  await expect(person.page.getByText('Your recovery key has not been read back yet.')).toBeHidden();
});
