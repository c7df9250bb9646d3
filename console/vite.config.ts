/** Builds the console into `dist/console`, from where the API serves it under `/console/`. */
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

const pathOf = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

// Vite reads its configuration from a default export.
export default defineConfig({
  root: pathOf('.'),
  base: '/console/',
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  // The client of this checkout, not one that is installed.
  resolve: { alias: { '@orderlog/client': pathOf('../clients/typescript/src/index.ts') } },
  build: {
    outDir: pathOf('../dist/console'),
    emptyOutDir: true,
    target: 'es2022',
    // The policy of the page allows files of this server only, no data in scripts or styles.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
  // `npm run dev:console`: the pages from Vite, the API from a running `npm start`. `Host` stays, so that it agrees with `Origin`.
  server: {
    proxy: { '^/(v1|health|openapi.json|docs|problems)': { target: 'http://127.0.0.1:3000', changeOrigin: false } },
  },
});
