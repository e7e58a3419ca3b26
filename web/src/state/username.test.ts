import { describe, expect, it } from 'vitest';
import { usernameProblem } from './username';

describe('user names', () => {
  it.each(['abc', 'Alice.B-2', 'a_1', 'x'.repeat(32)])('%s is one', (name) => {
    expect(usernameProblem(name)).toBeNull();
  });

  it.each([
    ['', 'username_too_short'],
    ['ab', 'username_too_short'],
    ['x'.repeat(33), 'username_too_long'],
    ['1abc', 'username_characters'],
    ['.abc', 'username_characters'],
    ['abc.', 'username_characters'],
    ['a b c', 'username_characters'],
    [' abc', 'username_characters'],
    ['änne', 'username_characters'],
    ['аlice', 'username_characters'],
    ['😀😀😀', 'username_characters'],
  ])('%s is none: %s', (name, code) => {
    expect(usernameProblem(name)?.code).toBe(code);
  });
});
