// Every screen: no axe violations, light and dark, also on a narrow phone, and usable by keyboard alone.
import AxeBuilder from '@axe-core/playwright';
import { expect, test } from './support/test';
import type { Person } from './support/person';

async function expectAccessible({ page }: Person, screen: string): Promise<void> {
  // Colours are judged where they have come to rest.
  await page.emulateMedia({ reducedMotion: 'reduce' });
  const { violations } = await new AxeBuilder({ page }).analyze();
  const found = violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' | ')}`);
  expect(found, screen).toEqual([]);
}

/** Nothing is cut off at the side. */
async function expectFits({ page }: Person, screen: string): Promise<void> {
  const over = await page.evaluate(
    () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
  );
  expect(over, screen).toBeLessThanOrEqual(0);
}

for (const colorScheme of ['light', 'dark'] as const) {
  for (const viewport of [
    { width: 1280, height: 800 },
    { width: 360, height: 640 },
  ]) {
    test(`every screen, ${colorScheme}, ${viewport.width} px wide`, async ({ seat, newcomer }) => {
      test.setTimeout(300_000);
      const bob = await newcomer('bob');
      const alice = await seat('alice', { colorScheme, viewport });
      const look = async (screen: string) => {
        await expectAccessible(alice, screen);
        await expectFits(alice, screen);
      };
      await alice.page.goto('/');
      await alice.button('Create an account').waitFor();
      await look('welcome');
      await alice.button('Sign in').click();
      await look('sign in');
      await alice.button('Forgotten password?').click();
      await look('recover');
      await alice.page.goto('/');
      await alice.button('Create an account').click();
      await look('register');
      await alice.fillRegistration();
      await look('recovery key');
      await alice.button('I have written it down').click();
      await look('read back');
      await alice.page.getByRole('textbox', { name: 'Recovery key' }).fill(alice.words);
      await alice.button('Check').click();
      await alice.button('To your conversations').click();
      await alice.search.waitFor();
      await look('no conversations');
      await alice.search.fill('bo');
      await alice.page.getByRole('list', { name: 'People' }).waitFor();
      await look('search');
      await alice.find('bob');
      await alice.send('bob', '**Hello** `there`, [look](https://example.org)');
      await alice.message('bob', 'Hello').waitFor();
      await look('conversation');
      await bob.open('alice');
      await bob.accept();
      await bob.send('alice', 'Hi.');
      await alice.message('bob', 'Hi.').waitFor();
      for (const way of ['Scan', 'Compare aloud', 'Text code'] as const) {
        await alice.openVerification('bob', way);
        await look(`verification: ${way}`);
        await alice.page.keyboard.press('Escape');
      }
      if (viewport.width < 500) await alice.button('Back to conversations').click();
      await alice.openSettings();
      for (const section of ['Account', 'Devices', 'Notifications', 'Appearance', 'What the server knows']) {
        await alice.page.getByRole('link', { name: section, exact: true }).click();
        await look(`settings: ${section}`);
      }
    });
  }
}
