import { describe, expect, it } from 'vitest';
import { clockTime, dayHeading, daysBetween, listTime } from './time';

const at = (month: number, day: number, hour: number, year = 2026) =>
  new Date(year, month - 1, day, hour).getTime();
const now = at(11, 21, 9);

describe('times in words', () => {
  it('count midnights, not hours', () => {
    expect(daysBetween(at(11, 20, 23), at(11, 21, 1))).toBe(1);
    expect(daysBetween(at(11, 21, 1), at(11, 21, 23))).toBe(0);
  });

  it('are counted over a change of the clocks', () => {
    expect(daysBetween(at(3, 28, 12), at(3, 30, 12))).toBe(2);
    expect(daysBetween(at(10, 24, 12), at(10, 26, 12))).toBe(2);
  });

  it('are the clock today, the day this week, the date before', () => {
    expect(listTime(at(11, 21, 8), now)).toBe(clockTime(at(11, 21, 8)));
    expect(listTime(at(11, 20, 8), now)).toBe('Yesterday');
    expect(listTime(at(11, 17, 8), now)).toBe('Tue');
    expect(listTime(at(11, 2, 8), now)).toMatch(/Nov/);
    expect(listTime(at(11, 2, 8, 2024), now)).toMatch(/2024/);
  });

  it('head a day', () => {
    expect(dayHeading(at(11, 21, 1), now)).toBe('Today');
    expect(dayHeading(at(11, 20, 1), now)).toBe('Yesterday');
    expect(dayHeading(at(11, 17, 1), now)).toMatch(/Tuesday.*November|November.*Tuesday/);
    expect(dayHeading(at(11, 17, 1), now)).not.toMatch(/2026/);
    expect(dayHeading(at(11, 17, 1, 2025), now)).toMatch(/2025/);
  });

  it('from a clock that runs ahead are today', () => {
    expect(dayHeading(now + 60_000, now)).toBe('Today');
    expect(listTime(now + 60_000, now)).toBe(clockTime(now + 60_000));
  });
});
