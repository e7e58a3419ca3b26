// The page's entry: starts the engine's bridge and mounts the application over it.
import { mount } from 'svelte';
import './styles/fonts.css';
import './styles/tokens.css';
import './styles/base.css';
import './styles/dialog.css';
import './styles/form.css';
import './styles/settings.css';
import App from './App.svelte';
import { connect } from './bridge';
import { createPageState } from './state/context';
import type { Engine } from './state/engine';

/** Plausible people without a server, for working on the page; builds for use hold none of it. */
const playing = import.meta.env.DEV || import.meta.env.MODE === 'mock';

async function engine(): Promise<Engine> {
  if (playing && new URLSearchParams(location.search).has('mock')) {
    const { MockBridge } = await import('./state/testing/mockBridge');
    return new MockBridge(new URLSearchParams(location.search));
  }
  return connect();
}

const target = document.getElementById('app');
if (target === null) throw new Error('index.html has no #app');

mount(App, { target, props: { page: createPageState(await engine()) } });
