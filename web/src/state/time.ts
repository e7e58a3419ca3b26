// Times in words, by Intl: relative where it helps, exact elsewhere, 12 or 24 hours as the browser's locale has it.
import { getLocale } from '../paraglide/runtime.js';

const DAY = 86_400_000;

function dateLocale(): string {
  const words = getLocale();
  const spoken = typeof navigator === 'undefined' ? [] : navigator.languages;
  return spoken.find((tag) => tag === words || tag.startsWith(`${words}-`)) ?? words;
}

function hourCycle(): Intl.DateTimeFormatOptions {
  const resolved = new Intl.DateTimeFormat(undefined, { hour: 'numeric' }).resolvedOptions().hourCycle;
  return resolved === undefined ? {} : { hourCycle: resolved };
}

const cache = new Map<string, Intl.DateTimeFormat>();
function format(at: number, options: Intl.DateTimeFormatOptions): string {
  const locale = dateLocale();
  const key = locale + JSON.stringify(options);
  let formatter = cache.get(key);
  if (formatter === undefined) {
    formatter = new Intl.DateTimeFormat(locale, options);
    cache.set(key, formatter);
  }
  return formatter.format(at);
}

function startOfDay(at: number): number {
  return new Date(at).setHours(0, 0, 0, 0);
}

/** Days between two moments as people count them: midnights passed. */
export function daysBetween(earlier: number, later: number): number {
  return Math.round((startOfDay(later) - startOfDay(earlier)) / DAY);
}

export function sameDay(a: number, b: number): boolean {
  return startOfDay(a) === startOfDay(b);
}

/** `14:05` or `2:05 PM`. */
export function clockTime(at: number): string {
  return format(at, { hour: 'numeric', minute: '2-digit', ...hourCycle() });
}

/** For a list: the time today, then the day, then the date. */
export function listTime(at: number, now: number): string {
  const days = daysBetween(at, now);
  if (days <= 0) return clockTime(at);
  if (days === 1) return relativeDay(-1);
  if (days < 7) return format(at, { weekday: 'short' });
  if (new Date(at).getFullYear() === new Date(now).getFullYear())
    return format(at, { day: 'numeric', month: 'short' });
  return format(at, { day: '2-digit', month: '2-digit', year: 'numeric' });
}

/** The heading of a day in a conversation. */
export function dayHeading(at: number, now: number): string {
  const days = daysBetween(at, now);
  if (days === 0 || days === 1) return relativeDay(-days);
  const year =
    new Date(at).getFullYear() === new Date(now).getFullYear() ? {} : ({ year: 'numeric' } as const);
  return format(at, { weekday: 'long', day: 'numeric', month: 'long', ...year });
}

/** The whole moment, for hovering and for records. */
export function exactTime(at: number): string {
  return format(at, { dateStyle: 'full', timeStyle: 'medium', ...hourCycle() });
}

/** The day alone: when a device was added, when a key was verified. */
export function calendarDay(at: number): string {
  return format(at, { dateStyle: 'long' });
}

function relativeDay(days: number): string {
  const text = new Intl.RelativeTimeFormat(dateLocale(), { numeric: 'auto' }).format(days, 'day');
  return text.charAt(0).toLocaleUpperCase(dateLocale()) + text.slice(1);
}
