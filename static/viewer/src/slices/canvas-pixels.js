/** HU and labels as pixels: plain arrays in, 32-bit pixels (as canvas has them: A, B, G, R from high to low) out. */
import { clamp } from '../core/vectors.js';
/** @import { Colours, Numbers, Opacities, Voxels } from '../types.js' */

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

/**
 * Labels to their colours; other labels, and none, to nothing.
 *
 * @param {Colours} colours
 * @param {number} opacity
 * @param {Opacities} shares each label's part of the opacity
 * @returns {Colouring}
 */
export function maskPixels(colours, opacity, shares = {}) {
  const table = new Uint32Array(256);
  Object.entries(colours).forEach(([label, colour]) => {
    const [r, g, b] = colour.map((part) => Math.round(part * 255));
    const alpha = Math.round(opacity * (shares[label] ?? 1) * 255) << 24;
    table[Number(label)] = alpha | (b << 16) | (g << 8) | r;
  });
  return (values, pixels) => {
    for (let n = 0; n < pixels.length; n += 1) pixels[n] = table[values[n]];
  };
}

/**
 * Clear the pixels whose four neighbours have the same label as they.
 *
 * @param {Voxels} values
 * @param {number} width of the picture
 * @param {Uint32Array} pixels
 */
export function edgesOnly(values, width, pixels) {
  for (let n = 0; n < pixels.length; n += 1) {
    const inside = [n - 1, n + 1, n - width, n + width].every((m) => values[m] === values[n]);
    if (inside) pixels[n] = 0;
  }
}
