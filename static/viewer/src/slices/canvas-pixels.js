/** HU and labels as pixels: plain arrays in, 32-bit pixels (as canvas has them: A, B, G, R from high to low) out. */

const OPAQUE = 0xff000000;

/** HU to greys of the window [level, width]. */
export function greys([level, width]) {
  const low = level - width / 2;
  const by = 255 / Math.max(width, 1);
  return (values, pixels) => {
    for (let n = 0; n < pixels.length; n += 1) {
      const grey = Math.min(255, Math.max(0, Math.round((values[n] - low) * by)));
      pixels[n] = OPAQUE | (grey << 16) | (grey << 8) | grey;
    }
  };
}

/** Labels to their `colours`, a map of label to [r, g, b] in 0..1; others, and none, to nothing. `shares`: see label-tables.js. */
export function maskPixels(colours, opacity, shares = {}) {
  const table = new Uint32Array(256);
  Object.entries(colours).forEach(([label, colour]) => {
    const [r, g, b] = colour.map((part) => Math.round(part * 255));
    const alpha = Math.round(opacity * (shares[label] ?? 1) * 255) << 24;
    table[label] = alpha | (b << 16) | (g << 8) | r;
  });
  return (values, pixels) => {
    for (let n = 0; n < pixels.length; n += 1) pixels[n] = table[values[n]];
  };
}

/** Clear the pixels whose four neighbours have the same label as they. */
export function edgesOnly(values, width, pixels) {
  for (let n = 0; n < pixels.length; n += 1) {
    const inside = [n - 1, n + 1, n - width, n + width].every((m) => values[m] === values[n]);
    if (inside) pixels[n] = 0;
  }
}
