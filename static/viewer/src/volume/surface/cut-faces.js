/**
 * The faces where a clipping box cuts the labels of a mask: filled areas in a plane across the scan's grid, with the
 * smooth borders that the labels have on slices (pure).
 */
import { indexToWorld } from '../../core/geometry.js';
import { worldToIndex } from '../../core/patient-frame.js';
import { AXES } from '../../core/vectors.js';
import { boxesOf, membership } from '../../slices/contours.js';
/**
 * @import { Grid, LabelBox, Mask, Numbers, Vec3 } from '../../types.js'
 * @import { IndexedMesh } from '../surfaces.js'
 */

/** @typedef {{label: number, mesh: IndexedMesh}} CutFace */

/**
 * The labels of the slice of voxels that holds a plane; null where the plane misses them.
 *
 * @param {LabelBox} box
 * @param {number} axis that the plane lies across
 * @param {number} place voxels from the box's first one along that axis
 * @returns {?{labels: Uint8Array, width: number, axes: [number, number]}}
 */
function sliceAt({ shape, values }, axis, place) {
  const n = Math.round(place);
  if (n < 0 || n >= shape[axis]) return null;
  const [u, v] = AXES.filter((other) => other !== axis);
  const steps = [1, shape[0], shape[0] * shape[1]];
  const labels = new Uint8Array(shape[u] * shape[v]);
  for (let y = 0, to = 0; y < shape[v]; y += 1)
    for (let x = 0, from = n * steps[axis] + y * steps[v]; x < shape[u]; x += 1, to += 1, from += steps[u])
      labels[to] = values[from];
  return { labels, width: shape[u], axes: [u, v] };
}

/**
 * Triangles that fill a field where it is more than one half, and the places of their corners.
 *
 * @param {Float32Array} field
 * @param {{x: number, y: number, width: number, height: number}} at where it lies
 * @returns {{places: number[], corner: number[]}} x, y of each corner; three numbers of corners a triangle,
 *   anticlockwise where y runs up
 */
export function fillOf(field, { x: left, y: top, width, height }) {
  /** @type {number[]} */
  const places = [];
  /** @type {number[]} */
  const corner = [];
  // Corners by what they lie on: an element, the edge right of it, the edge to the next row.
  const known = new Int32Array(3 * field.length).fill(-1);
  /** @param {number} key @param {number} x @param {number} y */
  const at = (key, x, y) => {
    if (known[key] < 0) {
      known[key] = places.length / 2;
      places.push(left + x, top + y);
    }
    return known[key];
  };
  /** @param {number} n @param {number} m */
  const part = (n, m) => (0.5 - field[n]) / (field[m] - field[n]);

  /** The part of a cell that is filled, as numbers of corners around it. @param {number} x @param {number} y */
  function polygon(x, y) {
    const n = x + width * y;
    /** @type {[number, number, number][]} */
    const ring = [[n, x, y], [n + 1, x + 1, y], [n + width + 1, x + 1, y + 1], [n + width, x, y + 1]];
    /** @type {number[]} */
    const found = [];
    ring.forEach(([from, fx, fy], side) => {
      const [to, tx, ty] = ring[(side + 1) % 4];
      if (field[from] > 0.5) found.push(at(3 * from, fx, fy));
      if (field[from] > 0.5 === field[to] > 0.5) return;
      const [first, second] = from < to ? [from, to] : [to, from];
      const share = part(from, to);
      found.push(at(3 * first + (second === first + 1 ? 1 : 2), fx + share * (tx - fx), fy + share * (ty - fy)));
    });
    return found;
  }

  for (let y = 0; y < height - 1; y += 1)
    for (let x = 0; x < width - 1; x += 1) {
      const n = x + width * y;
      if (Math.max(field[n], field[n + 1], field[n + width], field[n + width + 1]) <= 0.5) continue;
      const ring = polygon(x, y);
      for (let last = 2; last < ring.length; last += 1) corner.push(ring[0], ring[last - 1], ring[last]);
    }
  return { places, corner };
}

/**
 * The faces of a mask's labels in a plane across its grid.
 *
 * @param {Pick<Mask, 'box' | 'grid' | 'colours'>} mask labels that have no colour are not seen
 * @param {number} axis of the grid, i 0, j 1, k 2, which the plane lies across
 * @param {Numbers} origin RAS+ mm of a place in the plane
 * @param {1 | -1} towards which end of the axis the face looks
 * @returns {CutFace[]}
 */
export function cutFaces({ box, grid, colours }, axis, origin, towards) {
  const depth = worldToIndex(grid, origin)[axis];
  const slice = sliceAt(box, axis, depth + (towards > 0 ? -0.01 : 0.01)); // of two voxels the one that is left
  if (!slice) return [];
  const { labels, width, axes } = slice;
  const isTurned = (axis === 1) === (towards > 0); // i, k run the other way around j
  return [...boxesOf(labels, width, (label) => label in colours)].map(([label, seen]) => {
    const { field, at } = membership(labels, width, label, seen);
    const { places, corner } = fillOf(field, at);
    return { label, mesh: meshOf(grid, { axis, axes, depth }, places, isTurned ? turned(corner) : corner) };
  });
}

/** Triangles that look the other way. @param {number[]} corner */
const turned = (corner) => corner.map((_, n) => corner[n - (n % 3) + [0, 2, 1][n % 3]]);

/**
 * @param {Grid} grid
 * @param {{axis: number, axes: [number, number], depth: number}} plane
 * @param {number[]} places
 * @param {number[]} corner
 * @returns {IndexedMesh}
 */
function meshOf(grid, { axis, axes: [u, v], depth }, places, corner) {
  const points = new Float32Array((places.length / 2) * 3);
  /** @type {Vec3} */
  const index = [0, 0, 0];
  index[axis] = depth;
  for (let n = 0; n < places.length / 2; n += 1) {
    [index[u], index[v]] = [places[2 * n], places[2 * n + 1]];
    points.set(indexToWorld(grid, index), 3 * n);
  }
  return { points, values: null, corner: Uint32Array.from(corner) };
}
