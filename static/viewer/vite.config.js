import vue from '@vitejs/plugin-vue';
import { defineConfig } from 'vite';

// One UMD file: trame's client loads it with a script tag and already has Vue on `window`. Templates are compiled here.
export default defineConfig({
  plugins: [vue()],
  define: { 'process.env.NODE_ENV': JSON.stringify('production') },
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    sourcemap: false,
    chunkSizeWarningLimit: 2500,
    lib: {
      entry: 'src/index.js',
      name: 'SpineViewWidget',
      formats: ['umd'],
      fileName: () => 'spineview-widget.js',
    },
    rollupOptions: { external: ['vue'], output: { globals: { vue: 'Vue' } } },
  },
  server: { fs: { allow: ['../..'] } }, // tests read the pages' templates
  test: { environment: 'node', include: ['tests/**/*.test.js'] },
});
