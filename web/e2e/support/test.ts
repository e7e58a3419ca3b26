// What every test stands on: a relay, people at browsers of their own, and no complaint from any page.
/* eslint-disable no-empty-pattern -- Playwright reads the names of the fixtures from the pattern. */
import { test as base, expect, type BrowserContextOptions } from '@playwright/test';
import { Person } from './person';
import { Relay } from './relay';
import { watch } from './watch';

interface Fixtures {
  relay: Relay;
  /** What pages have complained of; must be empty at the end. A test that provokes something takes it out. */
  complaints: string[];
  /** Seats a person at a new browser, where nobody has signed in yet. */
  seat: (name: string, options?: BrowserContextOptions) => Promise<Person>;
  /** Seats and registers. */
  newcomer: (name: string, options?: BrowserContextOptions) => Promise<Person>;
}

export const test = base.extend<Fixtures>({
  relay: async ({}, use, testInfo) => {
    const relay = await Relay.start();
    await use(relay);
    if (testInfo.status !== testInfo.expectedStatus) await testInfo.attach('relay.log', { body: relay.log });
    await relay.stop();
  },
  complaints: async ({}, use) => {
    const complaints: string[] = [];
    await use(complaints);
    expect(complaints, 'what the pages complained of').toEqual([]);
  },
  seat: async ({ browser, relay, complaints }, use) => {
    const people: Person[] = [];
    await use(async (name, options = {}) => {
      const context = await browser.newContext({ baseURL: relay.url, ...options });
      await watch(context, complaints);
      const person = new Person(context, await context.newPage(), name);
      people.push(person);
      return person;
    });
    for (const { context } of people) await context.close();
  },
  newcomer: async ({ seat }, use) => {
    await use(async (name, options) => {
      const person = await seat(name, options);
      await person.register();
      return person;
    });
  },
});

export { expect };
