import { expect, it } from 'vitest';
import { greys } from '../../src/slices/canvas-pixels.js';

it('makes greys of a window: black below it, white above it, and even between', () => {
  const pixels = new Uint32Array(7);
  greys([40, 400])(Int16Array.from([-32768, -161, -160, 140, 239, 240, 32767]), pixels);
  const grey = [...pixels].map((pixel) => pixel & 255);
  expect(grey).toEqual([0, 0, 0, 191, 254, 255, 255]);
  expect([...pixels].every((pixel) => pixel >>> 24 === 255)).toBe(true);
  expect([...pixels].map((pixel) => (pixel >> 8) & 255)).toEqual(grey);
  expect([...pixels].map((pixel) => (pixel >> 16) & 255)).toEqual(grey);
});
