/** HU as pixels: plain arrays in, 32-bit pixels (as canvas has them: A, B, G, R from high to low) out. */
import { clamp } from '../core/vectors.js';
/** @import { Numbers } from '../types.js' */

/** @typedef {(values: Int16Array, pixels: Uint32Array) => void} Colouring */

const OPAQUE = 0xff000000;
const LOWEST = -32768;

/**
 * HU to greys.
 *
 * @param {Numbers} window [level, width] in HU
 * @returns {Colouring}
 */
export function greys([level, width]) {
  const low = level - width / 2;
  const by = 255 / Math.max(width, 1);
  const table = new Uint32Array(65536); // a look into it is several times as fast as the sum
  for (let n = 0; n < table.length; n += 1) {
    const grey = clamp(Math.round((n + LOWEST - low) * by), 0, 255);
    table[n] = OPAQUE | (grey << 16) | (grey << 8) | grey;
  }
  return (values, pixels) => {
    for (let n = 0; n < pixels.length; n += 1) pixels[n] = table[values[n] - LOWEST];
  };
}
