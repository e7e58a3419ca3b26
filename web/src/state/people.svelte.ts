// Looking for people by the start of their user name.
import type { PersonView, Problem } from '../generated/api';
import type { Engine } from './engine';
import { problemOf } from './engine';

const PAUSE = 180;

export class PeopleSearch {
  query = $state('');
  found = $state.raw<readonly PersonView[]>([]);
  searching = $state(false);
  problem = $state.raw<Problem | null>(null);
  /** The query that `found` answers. */
  answered = $state('');
  #engine: Engine;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  type(query: string): void {
    this.query = query;
    clearTimeout(this.#timer);
    const prefix = query.trim();
    if (prefix.length < 2) {
      this.found = [];
      this.answered = '';
      this.searching = false;
      this.problem = null;
      return;
    }
    this.searching = true;
    this.#timer = setTimeout(() => void this.#search(prefix), PAUSE);
  }

  clear(): void {
    this.type('');
  }

  async #search(prefix: string): Promise<void> {
    try {
      const found = await this.#engine.call({ type: 'search_people', prefix });
      if (this.query.trim() !== prefix) return;
      this.found = found;
      this.problem = null;
    } catch (error) {
      if (this.query.trim() !== prefix) return;
      this.found = [];
      this.problem = problemOf(error);
    }
    this.answered = prefix;
    this.searching = false;
  }
}
