// What a screen reader says politely, without the focus moving.

export class Announcer {
  text = $state('');
  #clear: ReturnType<typeof setTimeout> | undefined;

  say(text: string): void {
    // The same words twice are only said again when the region was empty in between.
    this.text = '';
    clearTimeout(this.#clear);
    queueMicrotask(() => {
      this.text = text;
      this.#clear = setTimeout(() => (this.text = ''), 5_000);
    });
  }
}
