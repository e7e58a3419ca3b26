// The time of day as the page shows it: moves in half minutes, or faster while somebody counts seconds.

export class Clock {
  now = $state(Date.now());

  constructor() {
    setInterval(() => (this.now = Date.now()), 30_000);
    document.addEventListener('visibilitychange', () => (this.now = Date.now()));
  }
}
