import { defineConfig } from 'vite';

// A module beside the viewer's file, which has been built before.
export default defineConfig({
  build: {
    outDir: 'dist',
    emptyOutDir: false,
    sourcemap: false,
    lib: { entry: 'src/upload/tus.js', formats: ['es'], fileName: () => 'tus.js' },
  },
});
