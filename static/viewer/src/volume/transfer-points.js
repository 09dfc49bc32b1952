/** Points of a transfer function, moved, added and removed: new lists, the old ones stay. Opacity points are [HU, opacity]. */

/** Lowest and highest HU on the editor's axis: [low, high]. */
export const AXIS = [-1024, 3071];
const NEAREST = 2; // HU between two points

const between = (low, x, high) => Math.min(high, Math.max(low, x));
const byHu = (a, b) => a[0] - b[0];

/** Point `n` moved to `hu`, its other values replaced by `rest`; it stays between its neighbours. */
export function movePoint(points, n, hu, rest) {
  const low = n > 0 ? points[n - 1][0] + NEAREST : AXIS[0];
  const high = n < points.length - 1 ? points[n + 1][0] - NEAREST : AXIS[1];
  return points.map((point, m) => (m === n ? [Math.round(between(low, hu, Math.max(low, high))), ...rest] : point));
}

/** One more point; returns { points, index } of it. */
export function addPoint(points, hu, rest) {
  const point = [Math.round(between(AXIS[0], hu, AXIS[1])), ...rest];
  const next = [...points.filter(([other]) => Math.abs(other - point[0]) >= NEAREST), point].sort(byHu);
  return { points: next, index: next.indexOf(point) };
}

/** Without point `n`; two points always stay. */
export function removePoint(points, n) {
  return points.length > 2 ? points.filter((_, m) => m !== n) : points;
}

/** The value (all but HU) at `hu`, linear between points and constant beyond them. */
export function valueAt(points, hu) {
  if (hu <= points[0][0]) return points[0].slice(1);
  const n = points.findIndex(([other]) => other >= hu);
  if (n < 0) return points.at(-1).slice(1);
  const [a, b] = [points[n - 1], points[n]];
  const t = (hu - a[0]) / (b[0] - a[0] || 1);
  return a.slice(1).map((value, m) => value + t * (b[m + 1] - value));
}

/** How often each of `bins` equal steps of AXIS occurs in `values`, as the square root of its share of the tallest, 0 to 1. */
export function histogram(values, bins = 128, most = 400_000) {
  const counts = new Float64Array(bins);
  const [low, high] = AXIS;
  const step = Math.max(1, Math.floor(values.length / most));
  for (let n = 0; n < values.length; n += step) {
    const bin = Math.floor(((values[n] - low) / (high - low)) * bins);
    if (bin >= 0 && bin < bins) counts[bin] += 1;
  }
  // Air around the patient would dwarf all else.
  const tallest = counts.reduce((most_, count, bin) => (bin > bins / 32 ? Math.max(most_, count) : most_), 1);
  return Array.from(counts, (count) => Math.min(1, Math.sqrt(count / tallest)));
}

const hex = (x) => Math.round(255 * between(0, x, 1)).toString(16).padStart(2, '0');
/** [r, g, b] in 0..1 as "#rrggbb", and back. */
export const toHex = (rgb) => `#${rgb.map(hex).join('')}`;
export const fromHex = (text) => [1, 3, 5].map((at) => parseInt(text.slice(at, at + 2), 16) / 255);
