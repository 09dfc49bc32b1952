/** HU as pixels: plain arrays in, 32-bit pixels (as canvas has them: A, B, G, R from high to low) out. */
import { clamp } from '../core/vectors.js';
/** @import { Numbers, Voxels } from '../types.js' */

/** @typedef {(values: Voxels, pixels: Uint32Array) => void} Colouring */

const OPAQUE = 0xff000000;

/**
 * HU to greys.
 *
 * @param {Numbers} window [level, width] in HU
 * @returns {Colouring}
 */
export function greys([level, width]) {
  const low = level - width / 2;
  const by = 255 / Math.max(width, 1);
  return (values, pixels) => {
    for (let n = 0; n < pixels.length; n += 1) {
      const grey = clamp(Math.round((values[n] - low) * by), 0, 255);
      pixels[n] = OPAQUE | (grey << 16) | (grey << 8) | grey;
    }
  };
}
