// Short notes at the edge of the page: problems that no field or banner shows, and confirmations.
import type { Problem } from '../generated/api';
import type { Engine } from './engine';
import { problemOf } from './engine';
import { problemWords } from './words';

export interface Toast {
  readonly id: number;
  readonly tone: 'plain' | 'problem';
  readonly text: string;
}

const SHOWN_FOR = 6_000;
const MOST = 3;

export class Toasts {
  list = $state.raw<readonly Toast[]>([]);
  #next = 1;

  constructor(engine: Engine) {
    engine.onEvent((event) => {
      if (event.type === 'problem') this.problem(event.problem);
    });
  }

  say(text: string, tone: Toast['tone'] = 'plain'): void {
    if (this.list.some((toast) => toast.text === text)) return;
    const toast = { id: this.#next++, tone, text };
    this.list = [...this.list, toast].slice(-MOST);
    setTimeout(() => this.dismiss(toast.id), tone === 'problem' ? SHOWN_FOR * 2 : SHOWN_FOR);
  }

  problem(problem: Problem): void {
    this.say(problemWords(problem), 'problem');
  }

  /** Runs something whose failure has no better place to be shown. */
  async guard<T>(work: Promise<T>): Promise<T | undefined> {
    try {
      return await work;
    } catch (error) {
      this.problem(problemOf(error));
      return undefined;
    }
  }

  dismiss(id: number): void {
    this.list = this.list.filter((toast) => toast.id !== id);
  }
}
