/**
 * Outlines of labels on a slice, smooth and true to the voxels (pure): a label's membership is blurred a little, no
 * voxel changes sides by that, and the line where it is one half is followed (marching squares).
 */

/**
 * One label's outlines: closed curves of x, y in elements of the picture, and the middle of the largest.
 *
 * @typedef {{label: number, curves: Float32Array[], middle: [number, number]}} Contour
 */
/** @typedef {{x: number, y: number, width: number, height: number}} Box */

const KERNEL = [0.0625, 0.25, 0.375, 0.25, 0.0625]; // binomial: a Gaussian of one element
const INSIDE = 0.55; // what a voxel of the label is at least, after the blur
const OUTSIDE = 0.45;
const MARGIN = 3; // elements around a label: the kernel's reach, and one that is certainly empty

/**
 * The boxes that labels fill.
 *
 * @param {Uint8Array} labels
 * @param {number} width
 * @param {(label: number) => boolean} isSeen
 * @returns {Map<number, number[]>} [x low, y low, x high, y high] by label
 */
export function boxesOf(labels, width, isSeen) {
  /** @type {(number[] | undefined)[]} */
  const boxes = new Array(256);
  for (let n = 0; n < labels.length; n += 1) {
    const label = labels[n];
    if (label === 0) continue;
    const x = n % width;
    const y = (n - x) / width;
    const box = boxes[label];
    if (!box) boxes[label] = [x, y, x, y];
    else {
      if (x < box[0]) box[0] = x;
      if (x > box[2]) box[2] = x;
      box[3] = y;
    }
  }
  const found = boxes.flatMap((box, label) => (box && isSeen(label) ? [/** @type {const} */ ([label, box])] : []));
  return new Map(found);
}

/** One pass of the blur along an axis. @param {Float32Array} from @param {Float32Array} to @param {number} by */
function blur(from, to, by) {
  for (let n = 2 * by; n < from.length - 2 * by; n += 1)
    to[n] =
      KERNEL[0] * (from[n - 2 * by] + from[n + 2 * by]) +
      KERNEL[1] * (from[n - by] + from[n + by]) +
      KERNEL[2] * from[n];
}

/**
 * A label's membership, 0 to 1, in its box and a margin.
 *
 * @param {Uint8Array} labels
 * @param {number} rowLength
 * @param {number} label
 * @param {number[]} box
 * @returns {{field: Float32Array, at: Box}}
 */
export function membership(labels, rowLength, label, [x0, y0, x1, y1]) {
  const at = { x: x0 - MARGIN, y: y0 - MARGIN, width: x1 - x0 + 1 + 2 * MARGIN, height: y1 - y0 + 1 + 2 * MARGIN };
  const exact = new Float32Array(at.width * at.height);
  for (let y = y0; y <= y1; y += 1)
    for (let x = x0; x <= x1; x += 1)
      if (labels[x + rowLength * y] === label) exact[x - at.x + at.width * (y - at.y)] = 1;
  const rows = new Float32Array(exact.length);
  const field = new Float32Array(exact.length);
  blur(exact, rows, 1);
  blur(rows, field, at.width);
  for (let n = 0; n < field.length; n += 1)
    field[n] = exact[n] ? Math.max(field[n], INSIDE) : Math.min(field[n], OUTSIDE);
  return { field, at };
}

/**
 * Sides of a cell that a line enters and leaves by, the inside on one hand: top 0, right 1, bottom 2, left 3. Which of
 * its corners are inside numbers the case: upper left 1, upper right 2, lower right 4, lower left 8.
 */
const CASES = [
  [], [[3, 0]], [[0, 1]], [[3, 1]], [[1, 2]], [[3, 0], [1, 2]], [[0, 2]], [[3, 2]],
  [[2, 3]], [[2, 0]], [[0, 1], [2, 3]], [[2, 1]], [[1, 3]], [[1, 0]], [[0, 3]], [],
];

/**
 * For each crossing of a grid's edges the next one along the line, -1 where there is none. Edge 2 n runs right from
 * element n, edge 2 n + 1 down from it.
 *
 * @param {Float32Array} field
 * @param {number} width
 * @param {number} height
 */
function crossings(field, width, height) {
  const next = new Int32Array(2 * field.length).fill(-1);
  for (let y = 0; y < height - 1; y += 1)
    for (let x = 0; x < width - 1; x += 1) {
      const n = x + width * y;
      const number =
        (field[n] > 0.5 ? 1 : 0) |
        (field[n + 1] > 0.5 ? 2 : 0) |
        (field[n + width + 1] > 0.5 ? 4 : 0) |
        (field[n + width] > 0.5 ? 8 : 0);
      if (number === 0 || number === 15) continue;
      const sides = [2 * n, 2 * (n + 1) + 1, 2 * (n + width), 2 * n + 1];
      for (const [from, to] of CASES[number]) next[sides[from]] = sides[to];
    }
  return next;
}

/**
 * The closed curves of a field where it is one half.
 *
 * @param {Float32Array} field
 * @param {Box} at
 * @returns {Float32Array[]} x, y of each point
 */
function curvesOf(field, { x, y, width, height }) {
  const next = crossings(field, width, height);
  const curves = [];
  for (let start = 0; start < next.length; start += 1) {
    if (next[start] < 0) continue;
    const points = [];
    for (let edge = start; next[edge] >= 0; ) {
      const n = edge >> 1;
      const isDown = (edge & 1) === 1;
      const part = (0.5 - field[n]) / (field[n + (isDown ? width : 1)] - field[n]);
      const column = n % width;
      points.push(x + column + (isDown ? 0 : part), y + (n - column) / width + (isDown ? part : 0));
      const following = next[edge];
      next[edge] = -1;
      edge = following;
    }
    curves.push(Float32Array.from(points));
  }
  return curves;
}

/**
 * Twice the area within a curve, and its middle.
 *
 * @param {Float32Array} curve
 * @returns {{area: number, middle: [number, number]}}
 */
export function areaOf(curve) {
  let [area, x, y] = [0, 0, 0];
  const count = curve.length;
  for (let n = 0; n < count; n += 2) {
    const m = (n + 2) % count;
    const cross = curve[n] * curve[m + 1] - curve[m] * curve[n + 1];
    area += cross;
    x += (curve[n] + curve[m]) * cross;
    y += (curve[n + 1] + curve[m + 1]) * cross;
  }
  return { area: Math.abs(area), middle: [x / (3 * area), y / (3 * area)] };
}

/**
 * The outlines of the labels on a slice.
 *
 * @param {Uint8Array} labels of the picture, x fastest
 * @param {number} width of the picture
 * @param {(label: number) => boolean} isSeen
 * @returns {Contour[]}
 */
export function contoursOf(labels, width, isSeen) {
  return [...boxesOf(labels, width, isSeen)].map(([label, box]) => {
    const { field, at } = membership(labels, width, label, box);
    const curves = curvesOf(field, at);
    const largest = curves.map(areaOf).reduce((a, b) => (b.area > a.area ? b : a));
    return { label, curves, middle: largest.middle };
  });
}
