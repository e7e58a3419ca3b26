// How strong a password is, judged in the browser, and why not in words.
import { BridgeError } from '../bridge/bridge';
import { m } from '../paraglide/messages.js';

export type Strength = 0 | 1 | 2 | 3 | 4;

export interface Judgement {
  readonly strength: Strength;
  readonly enough: boolean;
  /** What is weak about it, and what would help; empty where it is strong. */
  readonly hint: string;
}

const ENOUGH: Strength = 3;
/** Beyond this length nothing is learnt, and judging would take long. */
const JUDGED = 96;

export function loadJudge() {
  return import('./zxcvbn');
}

/** `personal`: what nobody should build a password from: the own user name. */
export async function judge(password: string, personal: readonly string[]): Promise<Judgement> {
  const { zxcvbn } = await loadJudge().catch(() => {
    // The dictionaries come from the relay, too.
    throw new BridgeError({ code: 'offline' });
  });
  const result = zxcvbn.check(password.slice(0, JUDGED), [...personal, 'sotto']);
  const enough = result.score >= ENOUGH;
  return { strength: result.score, enough, hint: enough ? '' : hintWords(result.feedback) };
}

const STRENGTHS: Record<Strength, () => string> = {
  0: m.password_level_0,
  1: m.password_level_1,
  2: m.password_level_2,
  3: m.password_level_3,
  4: m.password_level_4,
};

export function strengthWords(strength: Strength): string {
  return STRENGTHS[strength]();
}

interface Feedback {
  readonly warning: string | null;
  readonly suggestions: readonly string[];
}

function hintWords({ warning, suggestions }: Feedback): string {
  const what = warning === null ? null : warningWords(warning);
  const help = suggestions.map(suggestionWords).find((text) => text !== null) ?? m.password_suggest_words();
  return what === null ? help : `${what} ${help}`;
}

function warningWords(code: string): string | null {
  switch (code) {
    case 'straightRow':
    case 'keyPattern':
      return m.password_warning_keyboard();
    case 'simpleRepeat':
    case 'extendedRepeat':
      return m.password_warning_repeat();
    case 'sequences':
      return m.password_warning_sequence();
    case 'recentYears':
    case 'dates':
      return m.password_warning_date();
    case 'topTen':
    case 'topHundred':
    case 'common':
      return m.password_warning_common();
    case 'similarToCommon':
      return m.password_warning_similar();
    case 'wordByItself':
      return m.password_warning_word();
    case 'namesByThemselves':
    case 'commonNames':
      return m.password_warning_name();
    case 'userInputs':
      return m.password_warning_personal();
    default:
      return null;
  }
}

function suggestionWords(code: string): string | null {
  switch (code) {
    case 'l33t':
    case 'reverseWords':
    case 'allUppercase':
    case 'capitalization':
      return m.password_suggest_letters();
    case 'dates':
    case 'recentYears':
    case 'associatedYears':
      return m.password_suggest_date();
    case 'sequences':
    case 'repeated':
    case 'longerKeyboardPattern':
      return m.password_suggest_pattern();
    case 'anotherWord':
    case 'useWords':
      return m.password_suggest_words();
    default:
      return null;
  }
}
