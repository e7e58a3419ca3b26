import { describe, expect, it } from 'vitest';
import { hueOf, initials } from './avatar';

describe('avatars', () => {
  it.each([
    ['ines', 'I'],
    ['Tomas.Reyes', 'TR'],
    ['paper_and-thread', 'PA'],
    ['A9', 'A'],
  ])('%s is %s', (name, letters) => {
    expect(initials(name)).toBe(letters);
  });

  it('keep their colour, and use all of them', () => {
    const hues = new Set(Array.from({ length: 200 }, (_, index) => hueOf(`account ${index}`)));
    expect(hueOf('same')).toBe(hueOf('same'));
    expect(hues.size).toBe(10);
  });
});
