// How the web client is built: plain files under dist/, which the server embeds and serves under a strict policy.
import { paraglideVitePlugin } from '@inlang/paraglide-js';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vitest/config';

// `vite dev` forwards requests to a relay that runs beside it.
const relay = process.env['SOTTO_RELAY'] ?? 'http://127.0.0.1:8080';

// `npm run messages` compiles the catalogue, before every build and test. Only the development server watches it: inside
// a build the compiler keeps the process alive for half a minute after the last file is written.
const watchMessages = () =>
  paraglideVitePlugin({
    project: './project.inlang',
    outdir: './src/paraglide',
    strategy: ['localStorage', 'preferredLanguage', 'baseLocale'],
    outputStructure: 'locale-modules',
    emitTsDeclarations: true,
  });

export default defineConfig(({ command }) => ({
  plugins: [...(command === 'serve' && !process.env['VITEST'] ? [watchMessages()] : []), svelte()],
  build: {
    target: 'es2023',
    // The oldest browsers that know light-dark(), so that it stays as it is written.
    cssTarget: ['chrome123', 'firefox121', 'safari17.5'],
    outDir: 'dist',
    emptyOutDir: true,
    // The policy allows neither data: URLs nor inline scripts, so that everything is a file.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    sourcemap: false,
    reportCompressedSize: false,
  },
  worker: { format: 'es' },
  server: {
    port: 5173,
    proxy: {
      '/v1': { target: relay, ws: true },
    },
  },
  test: {
    include: ['src/**/*.test.ts'],
    environment: 'node',
    passWithNoTests: true,
  },
  // Tests of components need Svelte's browser build.
  resolve: process.env['VITEST'] ? { conditions: ['browser'] } : {},
}));
