// How a person without a picture looks: initials, and one of ten hues that stays theirs.

/** One or two letters. */
export function initials(name: string): string {
  const parts = name.split(/[._-]+/).filter((part) => part !== '');
  const [first = '', second] = parts;
  const letters =
    second === undefined ? Array.from(first).slice(0, 1) : [Array.from(first)[0], Array.from(second)[0]];
  return letters.join('').toLocaleUpperCase();
}

/** 0 to 9, from the account id (FNV-1a), so that a changed key or name doesn't change it. */
export function hueOf(account: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < account.length; index++) {
    hash = Math.imul(hash ^ account.charCodeAt(index), 0x01000193) >>> 0;
  }
  return hash % 10;
}
