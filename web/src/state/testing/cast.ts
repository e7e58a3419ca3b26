// The people of the play bridge, and what they have said.

import type { PersonView } from '../../generated/api';

export const WORDS = 'velvet harbor orchard muscle timber lantern spoon gravity autumn mirror puzzle window';

export const idOf = (name: string) => name.padEnd(22, 'x').slice(0, 22);
export const person = (username: string): PersonView => ({ account: idOf(username), username });
export const TOWN = [
  'Ines',
  'ines.w',
  'Ingrid',
  'Tomas.Reyes',
  'Maren',
  'Eleni',
  'Anselm',
  'Beatrix',
  'Long.Longname-with_many.parts99',
].map(person);

export interface Line {
  readonly who: 'them' | 'me' | 'notice';
  /** Minutes before now. */
  readonly ago: number;
  readonly text: string;
}

const day = 24 * 60;

export const INES: readonly Line[] = [
  { who: 'them', ago: 2 * day + 190, text: 'Have you seen the proofs? The printer sent them an hour ago.' },
  { who: 'me', ago: 2 * day + 186, text: 'Just opened them. The margins are *generous*, at last.' },
  {
    who: 'me',
    ago: 2 * day + 185,
    text: 'But page 47 has a widow that looks like it wandered in from another book.',
  },
  { who: 'them', ago: 2 * day + 171, text: 'Ha. I’ll have a word with it.' },
  {
    who: 'them',
    ago: day + 320,
    text: 'Three things for tomorrow:\n\n- the widow on 47\n- the **running heads**, which still say “draft”\n- who brings the coffee',
  },
  {
    who: 'me',
    ago: day + 300,
    text: 'Coffee is mine. The running heads come out of this:\n\n```css\n@page :left {\n  @top-left { content: string(chapter); }\n}\n```',
  },
  { who: 'them', ago: day + 296, text: 'That is the most beautiful thing you have ever sent me.' },
  { who: 'notice', ago: day + 280, text: 'verified' },
  {
    who: 'them',
    ago: 74,
    text: 'Good morning. The courier comes at four, so we have until then to be clever.',
  },
  { who: 'me', ago: 71, text: 'Then let us be clever by three and have cake.' },
  {
    who: 'them',
    ago: 32,
    text: 'I moved the epigraph. It reads now:\n\n> One should always speak as though someone were asleep in the next room.',
  },
  { who: 'them', ago: 31, text: 'Too precious?' },
  { who: 'me', ago: 28, text: 'No. It is the one line that sounds like the whole book. Keep it.' },
  {
    who: 'me',
    ago: 27,
    text: 'And tell Tomás that the second colour stays. He will grumble, he always does, and then he will say that it was his idea.',
  },
  { who: 'them', ago: 6, text: 'He has already said so.' },
  {
    who: 'them',
    ago: 5,
    text: 'Page 47 is fixed, by the way. Turns out that all it wanted was a shorter sentence.',
  },
];

export const TOMAS: readonly Line[] = [
  { who: 'them', ago: 200, text: 'The second colour was my idea, you know.' },
  { who: 'me', ago: 196, text: 'Of course it was.' },
  { who: 'them', ago: 92, text: 'Press is booked for Thursday, 7:30. Plates go out tonight.' },
  {
    who: 'them',
    ago: 91,
    text: 'Prices are on [printers.example](https://evil.example/login), terms on https://printers.example/terms',
  },
  { who: 'them', ago: 90, text: 'Can you confirm the run? 1,200 or 1,500?' },
];

export const MAREN: readonly Line[] = [
  { who: 'me', ago: 4 * day + 60, text: 'Is the reading room free on the 12th?' },
  { who: 'them', ago: 4 * day + 44, text: 'It is. I have pencilled you in.' },
  { who: 'notice', ago: 40, text: 'key_changed' },
];

export const ELENI: readonly Line[] = [
  { who: 'me', ago: 26 * 60, text: 'Πάμε στην έκθεση το άλλο Σάββατο;' },
  { who: 'them', ago: 25 * 60, text: 'Ναι, με χαρά! Έχω ήδη τα εισιτήρια.' },
  { who: 'me', ago: 24 * 60 + 50, text: 'Τέλεια. Στην είσοδο, λοιπόν.' },
];

export const STRANGER: readonly Line[] = [
  {
    who: 'them',
    ago: 18,
    text: 'Hello! Ines gave me your name. I bind books, by hand, and I hear you have a stack of unbound ones.',
  },
];
