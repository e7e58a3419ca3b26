// What messages can hold, and that they keep their order.
import { expect, test } from './support/test';

test('Markdown is shown as it is meant, and never as HTML', async ({ pair: { alice, bob } }) => {
  await alice.send('bob', '**bold**, *slanted*, `code` and <b onclick="alert(1)">no tag</b>');
  const line = bob.message('alice', 'bold');
  await expect(line.locator('strong')).toHaveText('bold');
  await expect(line.locator('em')).toHaveText('slanted');
  await expect(line.locator('code')).toHaveText('code');
  await expect(line).toContainText('<b onclick="alert(1)">no tag</b>');

  await alice.send('bob', '> quoted\n\n1. one\n2. two\n\n```rust\nfn main() {}\n```');
  const blocks = bob.message('alice', 'quoted');
  await expect(blocks.locator('blockquote')).toContainText('quoted');
  await expect(blocks.locator('ol li')).toHaveText(['one', 'two']);
  await expect(blocks.locator('pre')).toContainText('fn main() {}');
});

test('line breaks, Unicode and white space arrive as they were typed', async ({ pair: { alice, bob } }) => {
  await alice.composer('bob').fill('first line');
  await alice.composer('bob').press('Shift+Enter');
  await alice.composer('bob').pressSequentially('second line 👩‍👩‍👧 ﷽ שלום ẞ');
  await alice.composer('bob').press('Enter');
  const line = bob.message('alice', 'first line');
  expect(await line.locator('p').first().innerText()).toBe('first line\nsecond line 👩‍👩‍👧 ﷽ שלום ẞ');
  await expect(line.locator('br')).toHaveCount(1);
});

test('a long text arrives whole, and one that is too long says so', async ({ pair: { alice, bob } }) => {
  const long = `start ${'lorem ipsum '.repeat(5_000)}end`;
  await alice.send('bob', long);
  await expect(bob.message('alice', 'start lorem')).toContainText('ipsum end', { timeout: 30_000 });
  expect((await bob.message('alice', 'start lorem').innerText()).includes(long)).toBe(true);

  await alice.composer('bob').fill('x'.repeat(66_000));
  await expect(alice.page.getByText(/Too long by/)).toBeVisible();
  await expect(alice.button('Send')).toBeDisabled();
});

test('many messages in a row keep their order, and nothing is doubled', async ({ pair: { alice, bob } }) => {
  const texts = Array.from({ length: 30 }, (_, index) => `number ${index}.`);
  for (const text of texts) await alice.send('bob', text);
  await expect(bob.message('alice', 'number 29.')).toBeVisible();
  await expect.poll(() => bob.texts('alice')).toEqual(expect.arrayContaining(texts));
  expect((await bob.texts('alice')).filter((text) => text.startsWith('number'))).toEqual(texts);
  expect((await alice.texts('bob')).filter((text) => text.startsWith('number'))).toEqual(texts);
});
