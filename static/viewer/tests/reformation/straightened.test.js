import { describe, expect, it } from 'vitest';
import { indexToWorld } from '../../src/core/geometry.js';
import { createCentreline } from '../../src/reformation/centreline.js';
import { stepFor, straighten } from '../../src/reformation/straightened.js';
import { centresOf, spineOf } from '../../src/reformation/vertebrae.js';
import { createSampler } from '../../src/slices/reslice.js';
/** @import { Vec3 } from '../../src/types.js' */

const RADIUS = 120; // mm, of the curve
const TUBE = 8;
const HEIGHT = 150; // mm, of its middle part
const IDENTITY = [[1, 0, 0], [0, 1, 0], [0, 0, 1]];
const grid = { shape: [60, 90, 110], spacing_mm: [1.5, 1.5, 2], origin_mm: [-45, -70, -110], direction: IDENTITY };

/** Arcs about an axis that lies `RADIUS` behind, or beside, the middle; `turn` 0 is its height. */
const CURVES = {
  'bent to the front': (/** @type {number} */ turn) => [0, RADIUS * (Math.cos(turn) - 1), RADIUS * Math.sin(turn)],
  'bent to the side': (/** @type {number} */ turn) => [RADIUS * (Math.cos(turn) - 1) + 20, 0, RADIUS * Math.sin(turn)],
};

/** @param {string} name @returns {Vec3[]} as far apart as vertebrae, the lowest first */
function centresAlong(name) {
  const angles = Array.from({ length: 6 }, (_, n) => ((n - 2.5) * 30) / RADIUS);
  return angles.map((angle) => /** @type {Vec3} */ (CURVES[name](angle)));
}

/** How far a place is from the arc, mm, and how high along it; the truth of the phantom. */
function fromArc(name, [x, y, z]) {
  const [axis, away] = name.endsWith('side') ? [x - 20, y] : [y, x];
  const across = Math.hypot(axis + RADIUS, z) - RADIUS;
  return { distance: Math.hypot(across, away), along: RADIUS * Math.atan2(z, axis + RADIUS) };
}

/** A tube that follows the arc, with a plate across it in the middle. */
function tube(name) {
  const values = new Int16Array(grid.shape.reduce((a, b) => a * b));
  for (let k = 0, n = 0; k < grid.shape[2]; k += 1)
    for (let j = 0; j < grid.shape[1]; j += 1)
      for (let i = 0; i < grid.shape[0]; i += 1, n += 1) {
        const { distance, along } = fromArc(name, indexToWorld(grid, [i, j, k]));
        // Grey at its rim, so that its middle is known better than a voxel.
        values[n] = Math.max(0, Math.min(1000, 1000 * (TUBE + 0.75 - distance) / 1.5));
        if (Math.abs(along) < 3 && distance < 20) values[n] = 1000;
      }
  return values;
}

describe.each(Object.keys(CURVES))('a tube %s', (name) => {
  const line = createCentreline(centresAlong(name), stepFor(grid));
  const { frame, toPatient, toStraight } = straighten(line);
  const values = tube(name);
  const [width, , rows] = frame.shape;
  const middle = (width - 1) / 2;

  it.each(['sagittal', 'coronal'])('is straight, and as wide as it is: %s', (plane) => {
    const sample = createSampler(grid, frame, values, { linear: true, outside: 0 });
    const picture = new Int16Array(width * rows);
    sample(/** @type {any} */ (plane), middle, { count: 1, mode: 'max' }, picture);
    let [seen, off, wrong] = [0, 0, 0];
    for (let k = 0; k < rows; k += 1) {
      const { along } = fromArc(name, toPatient([0, 0, k * line.step]));
      if (Math.abs(along) > HEIGHT / 2 || Math.abs(along) < 6) continue; // beyond the middles, and at the plate
      const row = [...picture.subarray(k * width, (k + 1) * width)];
      const mass = row.reduce((sum, value) => sum + value, 0);
      const centre = row.reduce((sum, value, x) => sum + value * (x - middle), 0) / mass;
      off = Math.max(off, Math.abs(centre * line.step));
      wrong = Math.max(wrong, Math.abs((mass / 1000) * line.step - 2 * TUBE));
      seen += 1;
    }
    expect(seen).toBeGreaterThan(120);
    expect(off).toBeLessThan(0.5);
    expect(wrong).toBeLessThan(0.5);
  });

  it('is measured along the arc in true mm', () => {
    const ends = [centresAlong(name)[0], centresAlong(name)[5]].map((place) => toStraight(place)[2]);
    expect(ends[1] - ends[0]).toBeGreaterThan(149.5);
    expect(ends[1] - ends[0]).toBeLessThan(150.5);
    const between = [10, 40, 90, 130].map((mm) => fromArc(name, toPatient([0, 0, ends[0] + mm])).along + HEIGHT / 2);
    between.forEach((mm, n) => expect(Math.abs(mm - [10, 40, 90, 130][n])).toBeLessThan(0.5));
  });

  it('gives every place of the picture the place in the patient, and back', () => {
    for (const at of [[0, 0, 60], [20, -30, 100], [-40, 25, 150], [5, 5, 12]]) {
      const back = toStraight(toPatient(at));
      back.forEach((mm, axis) => expect(Math.abs(mm - at[axis])).toBeLessThan(0.1));
    }
    const { distance } = fromArc(name, toPatient([12, 0, 100]));
    expect(distance).toBeCloseTo(12, 0);
  });
});

describe('the sides of a straightened spine', () => {
  it('are those of the patient: right, front, and the head above', () => {
    const { toPatient } = straighten(createCentreline(centresAlong('bent to the side'), 1));
    const [from, right, front, above] = [[0, 0, 90], [10, 0, 90], [0, 10, 90], [0, 0, 100]].map((at) => toPatient(at));
    expect(right[0] - from[0]).toBeGreaterThan(9);
    expect(front[1] - from[1]).toBeGreaterThan(9);
    expect(above[2] - from[2]).toBeGreaterThan(9);
  });

  it('stay where a curve runs to the back for a while', () => {
    const back = [[0, -90, -20], [0, -60, -20], [0, -30, -18], [0, 0, 0], [0, 0, 30]];
    const { anterior, right, count } = createCentreline(/** @type {Vec3[]} */ (back), 1);
    for (let n = 0; n < count; n += 1) {
      expect(Math.hypot(...anterior.subarray(3 * n, 3 * n + 3))).toBeCloseTo(1);
      expect(right[3 * n]).toBeGreaterThan(0.99);
    }
  });
});

describe('the middles of vertebrae', () => {
  const at = (/** @type {number} */ z) => ({ centre_mm: [0, 0, z], low_mm: [], high_mm: [] });

  it('run from the lowest to the highest, T13 below T12, and the coccyx is left out', () => {
    const found = centresOf({ 19: at(100), 28: at(75), 20: at(50), 26: at(0), 27: at(-30) });
    expect(found.map((place) => place[2])).toEqual([0, 50, 75, 100]);
  });

  it('run to the head where names run the wrong way', () => {
    const found = centresOf({ 22: at(100), 21: at(75), 20: at(50) });
    expect(found.map((place) => place[2])).toEqual([50, 75, 100]);
  });

  it('are too few where there are two', () => {
    expect(centresOf({ 20: at(0), 21: at(1), 27: at(2) })).toEqual([]);
  });

  it('are taken of the mask that is shown', () => {
    const [many, few] = [{ 20: 'L1', 21: 'L2', 22: 'L3' }, { 20: 'L1', 21: 'L2', 27: 'coccyx' }];
    expect(spineOf({ names: { a: few, b: many, c: many }, shown: ['a', 'c'] })).toBe('c');
    expect(spineOf({ names: { a: few, b: many }, shown: [] })).toBe('b');
    expect(spineOf({ names: { a: few }, shown: ['a'] })).toBeUndefined();
  });
});
