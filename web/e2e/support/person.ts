// A person at a browser, as tests see them: what they read and press, by role and label.
import { expect, type BrowserContext, type Locator, type Page } from '@playwright/test';

export const PASSWORD = 'violet anchor pudding tractor';

export class Person {
  /** The recovery key, once it has been shown. */
  words = '';

  constructor(
    readonly context: BrowserContext,
    public page: Page,
    readonly name: string,
    public password = PASSWORD,
  ) {}

  /** The same person at another page of the same browser. */
  at(page: Page): Person {
    const person = new Person(this.context, page, this.name, this.password);
    person.words = this.words;
    return person;
  }

  /** Registers, reads the recovery key back, and ends at the empty list of conversations. */
  async register(): Promise<void> {
    await this.fillRegistration();
    await this.button('I have written it down').click();
    await this.page.getByRole('textbox', { name: 'Recovery key' }).fill(this.words);
    await this.button('Check').click();
    await this.button('To your conversations').click();
    await expect(this.search).toBeVisible();
  }

  /** Registers, up to the recovery key on the screen. */
  async fillRegistration(): Promise<void> {
    await this.page.goto('/');
    await this.button('Create an account').click();
    await this.page.getByLabel('User name').fill(this.name);
    await this.page.getByLabel('Password', { exact: true }).fill(this.password);
    await this.button('Create account').click();
    const words = this.page
      .getByRole('list', { name: 'Your recovery key: twelve words' })
      .getByRole('listitem');
    await expect(words).toHaveCount(12);
    this.words = (await words.allInnerTexts()).map((text) => text.replace(/\d+|\s+/g, '')).join(' ');
  }

  /** Fills in the sign-in page and sends it off. */
  async trySignIn(password = this.password): Promise<void> {
    await this.page.goto('/');
    await this.button('Sign in').click();
    await this.page.getByLabel('User name').fill(this.name);
    await this.page.getByLabel('Password', { exact: true }).fill(password);
    await this.button('Sign in').click();
  }

  async signIn(): Promise<void> {
    await this.trySignIn();
    await expect(this.search).toBeVisible();
  }

  async signOut(): Promise<void> {
    await this.openSettings();
    await this.button('Sign out…').click();
    await this.page.getByRole('dialog').getByRole('button', { name: 'Sign out and erase' }).click();
    await expect(this.button('Create an account')).toBeVisible();
  }

  async openSettings(): Promise<void> {
    await this.button('Settings').click();
  }

  /** Finds somebody by the start of their name, and opens the conversation. */
  async find(name: string): Promise<void> {
    await this.search.fill(name.slice(0, -1));
    await this.page
      .getByRole('list', { name: 'People' })
      .getByRole('button')
      .filter({ hasText: name })
      .click();
    await expect(this.composer(name)).toBeVisible();
  }

  /** Opens a conversation from the list. */
  async open(name: string): Promise<void> {
    await this.conversation(name).click();
    await expect(this.messages(name)).toBeVisible();
  }

  async send(name: string, text: string): Promise<void> {
    await this.composer(name).fill(text);
    await this.composer(name).press('Enter');
  }

  async accept(): Promise<void> {
    await this.button('Accept').click();
  }

  /** Opens the verification of the open conversation, at one of the ways. */
  async openVerification(name: string, way: 'Scan' | 'Compare aloud' | 'Text code'): Promise<void> {
    await this.page.getByRole('button', { name: `Verify ${name}` }).click();
    await this.page.getByRole('tab', { name: way }).click();
  }

  /** What the page says is wrong. */
  get alert(): Locator {
    return this.page.getByRole('alert');
  }

  button(name: string): Locator {
    return this.page.getByRole('button', { name, exact: true });
  }

  get search(): Locator {
    return this.page.getByRole('searchbox', { name: 'Search people' });
  }

  /** A conversation in the list. */
  conversation(name: string): Locator {
    return this.page
      .getByRole('navigation', { name: 'Conversations' })
      .getByRole('link')
      .filter({ has: this.page.getByText(name, { exact: true }) });
  }

  composer(name: string): Locator {
    return this.page.getByRole('textbox', { name: `Message to ${name}` });
  }

  /** What is on screen of a conversation. */
  messages(name: string): Locator {
    return this.page.getByRole('group', { name: `Messages with ${name}` });
  }

  /** One message by its text; it contains its state. */
  message(name: string, text: string): Locator {
    return this.messages(name).locator('[data-message]').filter({ hasText: text });
  }

  /** The texts on screen, in order. */
  texts(name: string): Promise<string[]> {
    return this.messages(name).locator('[data-message] [dir=auto]').allInnerTexts();
  }
}
