import { join } from 'node:path'
import tailwindcss from '@tailwindcss/vite'
import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

const root = import.meta.dirname

/** The server of `npm start`, for `npm run console:dev`. */
const server = 'http://127.0.0.1:3050'

export default defineConfig({
  root,
  // Relative addresses: the server says below which path the console is mounted.
  base: './',
  plugins: [react(), tailwindcss()],
  // Its grammars are files of their own, loaded when they are needed.
  worker: { format: 'es' },
  resolve: { alias: { 'rehype-raw': join(root, 'src/markdown/no-html-parser.ts') } },
  build: {
    outDir: join(root, '../dist/console'),
    emptyOutDir: true,
    target: 'es2023',
    // The policy allows no data: addresses but images.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 1_000,
  },
  server: {
    proxy: Object.fromEntries(
      ['/api', '/session'].map(path => [
        path,
        { target: server, headers: { origin: server }, rewrite: (url: string) => `/console${url}` },
      ]),
    ),
  },
})
