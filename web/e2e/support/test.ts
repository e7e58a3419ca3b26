// What every test stands on: a relay, people at browsers of their own, and no complaint from any page.
import { test as base, expect, type Browser, type BrowserContextOptions } from '@playwright/test';
import { acquaint } from './acquaint';
import { Person } from './person';
import { Relay } from './relay';
import { watch } from './watch';

type Seat = (name: string, options?: BrowserContextOptions) => Promise<Person>;

/** A relay with the people at it. */
class Place {
  /** What pages have complained of. */
  readonly complaints: string[] = [];
  readonly #people: Person[] = [];

  constructor(
    readonly browser: Browser,
    readonly relay: Relay,
  ) {}

  seat: Seat = async (name, options = {}) => {
    const context = await this.browser.newContext({ baseURL: this.relay.url, ...options });
    await watch(context, this.complaints);
    const person = new Person(context, await context.newPage(), name);
    this.#people.push(person);
    return person;
  };

  newcomer: Seat = async (name, options) => {
    const person = await this.seat(name, options);
    await person.register();
    return person;
  };

  async leave(): Promise<void> {
    for (const { context } of this.#people) await context.close();
    await this.relay.stop();
  }
}

interface Fixtures {
  place: Place;
  relay: Relay;
  /** Seats a person at a new browser, where nobody has signed in yet. */
  seat: Seat;
  /** Seats and registers. */
  newcomer: Seat;
  /** Two people who know each other, with their conversation open. Their relay, browsers and history are those of other tests too. */
  pair: { alice: Person; bob: Person };
}

interface Shared {
  shared: { place: Place; alice: Person; bob: Person };
}

function expectNoComplaint(place: Place): void {
  expect(place.complaints.splice(0), 'what the pages complained of').toEqual([]);
}

export const test = base.extend<Fixtures, Shared>({
  place: async ({ browser }, use, testInfo) => {
    const place = new Place(browser, await Relay.start());
    await use(place);
    if (testInfo.status !== testInfo.expectedStatus) {
      await testInfo.attach('relay.log', { body: place.relay.log });
    }
    await place.leave();
    expectNoComplaint(place);
  },
  relay: ({ place }, use) => use(place.relay),
  seat: ({ place }, use) => use(place.seat),
  newcomer: ({ place }, use) => use(place.newcomer),
  shared: [
    async ({ browser }, use) => {
      const place = new Place(browser, await Relay.start());
      await use({ place, ...(await acquaint(place.newcomer)) });
      await place.leave();
    },
    { scope: 'worker', timeout: 180_000 },
  ],
  pair: async ({ shared }, use) => {
    await use(shared);
    expectNoComplaint(shared.place);
  },
});

export { expect };
