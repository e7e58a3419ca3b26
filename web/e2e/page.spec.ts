// The page itself: its policy, and that nothing is complained of.
import { expect, test } from './support/test';

test('opens under the strict policy', async ({ relay, seat }) => {
  const person = await seat('nobody');
  const response = await person.page.goto('/');
  const policy = response?.headers()['content-security-policy'] ?? '';
  for (const part of [
    "default-src 'none'",
    "script-src 'self' 'wasm-unsafe-eval'",
    "require-trusted-types-for 'script'",
  ]) {
    expect(policy).toContain(part);
  }
  expect(policy).not.toContain('unsafe-inline');
  await expect(person.button('Create an account')).toBeVisible();
  expect(relay.url).toContain('localhost');
});
