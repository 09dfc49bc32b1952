/** What measurements amount to. Points are RAS+ mm; the server computes the same (webapp/storage/measurements.py). */

/** How many points are set to draw each kind; an ellipse is drawn from corner to corner. */
export const CLICKS = { distance: 2, angle: 3, cobb: 4, ellipse: 2 };
export const KINDS = Object.keys(CLICKS);

const minus = (a, b) => a.map((x, n) => x - b[n]);
const dot = (a, b) => a.reduce((sum, x, n) => sum + x * b[n], 0);
const length = (a) => Math.sqrt(dot(a, a));
const degrees = (a, b) => {
  const product = length(a) * length(b);
  return product ? (Math.acos(Math.min(1, Math.max(-1, dot(a, b) / product))) * 180) / Math.PI : 0;
};

/** mm of a distance, degrees of an angle (Cobb: 0 to 90), mm² of an ellipse. */
export function valueOf(kind, points) {
  if (kind === 'distance') return length(minus(points[1], points[0]));
  if (kind === 'ellipse') return Math.PI * length(minus(points[1], points[0])) * length(minus(points[2], points[0]));
  if (kind === 'angle') return degrees(minus(points[0], points[1]), minus(points[2], points[1]));
  const angle = degrees(minus(points[1], points[0]), minus(points[3], points[2]));
  return Math.min(angle, 180 - angle); // a line has no direction
}

/** Centre and ends of the half axes of the ellipse that fills the rectangle from `a` to `b`, whose other corner is `c`. */
export function ellipseIn(a, b, c) {
  const middle = a.map((x, n) => (x + b[n]) / 2);
  return [middle, middle.map((x, n) => x + (c[n] - a[n]) / 2), middle.map((x, n) => x + (b[n] - c[n]) / 2)];
}

/**
 * Mean and standard deviation of the voxels that an ellipse covers: the nearest voxel at steps of `step` mm.
 *
 * @param {(world: number[]) => ?number} huAt null outside the scan
 * @returns {?{mean_hu: number, sd_hu: number, voxels: number}} null if it covers none
 */
export function statisticsIn([centre, endA, endB], step, huAt) {
  const axes = [endA, endB].map((end) => minus(end, centre));
  const halves = axes.map(length);
  if (!halves[0] || !halves[1]) return null;
  let [count, sum, squares] = [0, 0, 0];
  const [most, least] = halves.map((half) => Math.floor(half / step));
  for (let i = -most; i <= most; i += 1)
    for (let j = -least; j <= least; j += 1) {
      const [s, t] = [(i * step) / halves[0], (j * step) / halves[1]];
      if (s * s + t * t > 1) continue;
      const hu = huAt(centre.map((x, n) => x + s * axes[0][n] + t * axes[1][n]));
      if (hu === null) continue;
      count += 1;
      sum += hu;
      squares += hu * hu;
    }
  if (!count) return null;
  const mean = sum / count;
  return { mean_hu: mean, sd_hu: Math.sqrt(Math.max(0, squares / count - mean * mean)), voxels: count };
}

/** The lines of a measurement's text: its value, and the figures of an ellipse. */
export function describe({ kind, points, statistics }) {
  const value = valueOf(kind, points);
  if (kind === 'distance') return [`${value.toFixed(1)} mm`];
  if (kind !== 'ellipse') return [`${value.toFixed(1)}°`];
  const lines = [`${value.toFixed(0)} mm²`];
  if (statistics?.voxels) lines.unshift(`${statistics.mean_hu.toFixed(0)} ± ${statistics.sd_hu.toFixed(0)} HU`);
  return lines;
}
