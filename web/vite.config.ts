import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

// The nonce's placeholder is replaced in every answer by internal/server/page.
export default defineConfig({
  plugins: [react()],
  html: { cspNonce: 'drydock-nonce' },
  build: {
    emptyOutDir: false, // dist holds a committed placeholder; make page empties it
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    target: 'es2023',
  },
  server: { proxy: { '/api': 'http://127.0.0.1:8480' } },
});
