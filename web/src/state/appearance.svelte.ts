// Light, dark, or as the system has it. public/theme.js applies the kept choice before the first paint.

export const APPEARANCES = ['system', 'light', 'dark'] as const;
export type AppearanceChoice = (typeof APPEARANCES)[number];

const KEY = 'sotto.theme';

export class Appearance {
  #choice = $state<AppearanceChoice>(kept());

  get choice(): AppearanceChoice {
    return this.#choice;
  }

  set choice(choice: AppearanceChoice) {
    this.#choice = choice;
    const { dataset } = document.documentElement;
    try {
      if (choice === 'system') localStorage.removeItem(KEY);
      else localStorage.setItem(KEY, choice);
    } catch {
      // No storage: the choice holds for this page.
    }
    if (choice === 'system') delete dataset['theme'];
    else dataset['theme'] = choice;
  }
}

function kept(): AppearanceChoice {
  const theme = document.documentElement.dataset['theme'];
  return theme === 'light' || theme === 'dark' ? theme : 'system';
}
