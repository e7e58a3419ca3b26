// Which of the page's own dialogs is open: those that are reached from several places.

export class Panels {
  switcher = $state(false);
  shortcuts = $state(false);
  /** The conversation whose person is being verified. */
  verifying = $state<string | null>(null);
  /** Reading back the recovery key after registration. */
  recovery = $state(false);

  closeAll(): void {
    this.switcher = false;
    this.shortcuts = false;
    this.verifying = null;
    this.recovery = false;
  }
}
