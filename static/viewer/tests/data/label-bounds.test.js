import { describe, expect, it } from 'vitest';
import { frameOf } from '../../src/core/patient-frame.js';
import { indexToWorld } from '../../src/core/geometry.js';
import { thinned } from '../../src/core/sampling.js';
import { createBoxCollector, gridOf, thinnedBox } from '../../src/data/label-bounds.js';
import { createSampler } from '../../src/slices/reslice.js';
/** @import { Plane, Slab } from '../../src/types.js' */

const SHAPE = [7, 6, 5];
const IDENTITY = [[1, 0, 0], [0, 1, 0], [0, 0, 1]];
const grid = { shape: SHAPE, spacing_mm: [1, 2, 3], origin_mm: [10, 20, 30], direction: IDENTITY };
const [c, s] = [Math.cos(0.4), Math.sin(0.4)];
const oblique = { ...grid, direction: [[c, -s, 0], [s, c, 0], [0, 0, 1]] };

/** @type {[Plane, number, number, number][]} */
const AXES = [['axial', 0, 1, 2], ['coronal', 0, 2, 1], ['sagittal', 1, 2, 0]];
/** @type {Slab[]} */
const SLABS = [{ count: 1, mode: 'mean' }, { count: 3, mode: 'max' }];

function labels(...voxels) {
  const values = new Uint8Array(SHAPE[0] * SHAPE[1] * SHAPE[2]);
  voxels.forEach(([i, j, k, label]) => (values[i + SHAPE[0] * (j + SHAPE[1] * k)] = label));
  return values;
}

function boxOf(values) {
  const collector = createBoxCollector(SHAPE);
  const size = SHAPE[0] * SHAPE[1];
  for (let k = 0; k < SHAPE[2]; k += 1) collector.take(k, values.subarray(k * size, (k + 1) * size));
  return collector.box();
}

const some = labels([2, 1, 1, 5], [4, 1, 1, 5], [3, 4, 3, 20], [2, 2, 3, 1]);
const corners = labels([0, 0, 0, 1], [6, 5, 4, 2]);

describe('the box of a mask', () => {
  it('holds the labels and nothing around them', () => {
    const { first, shape, values } = boxOf(some);
    expect([first, shape]).toEqual([[2, 1, 1], [3, 4, 3]]);
    expect(values[0]).toBe(5);
    expect(values[1 + 3 * (3 + 4 * 2)]).toBe(20);
    expect(values.reduce((sum, label) => sum + label)).toBe(31);
  });

  it('is the whole where labels reach from corner to corner, and one empty voxel where there are none', () => {
    expect(boxOf(corners)).toEqual({ first: [0, 0, 0], shape: SHAPE, values: corners });
    expect(boxOf(labels())).toEqual({ first: [0, 0, 0], shape: [1, 1, 1], values: new Uint8Array(1) });
  });

  it('lies where its first voxel lies', () => {
    const expected = { shape: [3, 4, 3], origin_mm: indexToWorld(oblique, [2, 1, 1]) };
    expect(gridOf(oblique, boxOf(some))).toMatchObject(expected);
  });

  it.each([['whole', [1, 1, 1]], ['thinned', [2, 2, 3]]])('fills 3D as the %s volume does', (name, factors) => {
    for (const values of [some, corners, labels()])
      expect(thinnedBox(boxOf(values), SHAPE, factors)).toEqual(thinned(values, SHAPE, factors));
  });

  it.each([['along the voxels', grid], ['oblique', oblique]])('is sampled as the whole volume is, %s', (name, scan) => {
    const frame = frameOf(scan);
    const how = { linear: false, outside: 0 };
    for (const values of [some, corners, labels()]) {
      const box = boxOf(values);
      const part = createSampler(gridOf(scan, box), frame, box.values, how);
      const whole = createSampler(scan, frame, values, how);
      for (const [plane, u, v, n] of AXES)
        for (let slice = 0; slice < frame.shape[n]; slice += 1)
          for (const slab of SLABS) {
            const size = frame.shape[u] * frame.shape[v];
            const [a, b] = [new Uint8Array(size), new Uint8Array(size)];
            part(plane, slice, slab, a);
            whole(plane, slice, slab, b);
            expect(a).toEqual(b);
          }
    }
  });
});
