import { describe, expect, it } from 'vitest';
import vtkImageReslice from '@kitware/vtk.js/Imaging/Core/ImageReslice.js';
import { InterpolationMode } from '@kitware/vtk.js/Imaging/Core/AbstractImageInterpolator/Constants.js';
import { frameOf, isAligned, isInside, worldToIndex } from '../../src/core/patient-frame.js';
import { indexToWorld } from '../../src/core/geometry.js';
import { imageOf } from '../../src/vtk/vtk-image.js';
import { createSampler, slabCount } from '../../src/slices/reslice.js';
/** @import { Plane, Slab } from '../../src/types.js' */

const IDENTITY = [[1, 0, 0], [0, 1, 0], [0, 0, 1]];
const straight = { shape: [4, 5, 6], spacing_mm: [1, 2, 3], origin_mm: [-5, 7, 100], direction: IDENTITY };

/** Turned about S by `degrees`. */
function turned(degrees, shape = [24, 20, 16]) {
  const [c, s] = [Math.cos((degrees * Math.PI) / 180), Math.sin((degrees * Math.PI) / 180)];
  return { shape, spacing_mm: [1, 1.5, 2], origin_mm: [-12, 3, 40], direction: [[c, -s, 0], [s, c, 0], [0, 0, 1]] };
}

const ramp = ({ shape }, f) => {
  const values = new Int16Array(shape[0] * shape[1] * shape[2]);
  for (let k = 0, at = 0; k < shape[2]; k += 1)
    for (let j = 0; j < shape[1]; j += 1) for (let i = 0; i < shape[0]; i += 1, at += 1) values[at] = f(i, j, k);
  return values;
};
/** @type {Slab} */
const ONE = { count: 1, mode: 'max' };

describe('the frame', () => {
  it('is the grid itself where the scan lies along the patient', () => {
    const frame = frameOf(straight);
    expect(frame.aligned).toBe(true);
    expect([frame.shape, frame.origin_mm]).toEqual([straight.shape, straight.origin_mm]);
  });

  it('covers every voxel of an oblique scan', () => {
    const grid = turned(20);
    const frame = frameOf(grid);
    expect(isAligned(grid)).toBe(false);
    for (const corner of [[0, 0, 0], [23, 0, 0], [0, 19, 15], [23, 19, 15]])
      expect(isInside(frame, worldToIndex(frame, indexToWorld(grid, corner)))).toBe(true);
  });

  it.each([
    ['oblique', turned(33)],
    ['sheared by a tilted gantry', { ...turned(0), direction: [[1, 0, 0], [0, 1, 0.26], [0, 0, 0.966]] }],
  ])('undoes indexToWorld: %s', (name, grid) => {
    const there = [3.25, 7, 11];
    worldToIndex(grid, indexToWorld(grid, there)).forEach((value, n) => expect(value).toBeCloseTo(there[n]));
  });
});

describe('a slice along the voxels', () => {
  const values = ramp(straight, (i, j, k) => i + 10 * j + 100 * k);
  const sample = createSampler(straight, frameOf(straight), values, { linear: true, outside: -1000 });

  it.each([
    ['axial', 2, 4 * 5, [200, 201, 202, 203, 210]],
    ['coronal', 3, 4 * 6, [30, 31, 32, 33, 130]],
    ['sagittal', 1, 5 * 6, [1, 11, 21, 31, 41, 101]],
  ])('%s %i is copied', (/** @type {Plane} */ plane, slice, length, first) => {
    const out = new Int16Array(length);
    sample(plane, slice, ONE, out);
    expect([...out.slice(0, first.length)]).toEqual(first);
  });

  it('has the greatest value, or the mean, of a slab that stays in the scan', () => {
    const out = new Int16Array(4 * 5);
    sample('axial', 2, { count: 3, mode: 'max' }, out);
    expect(out[0]).toBe(300);
    sample('axial', 2, { count: 3, mode: 'mean' }, out);
    expect(out[0]).toBe(200);
    sample('axial', 0, { count: 3, mode: 'mean' }, out);
    expect(out[0]).toBe(50); // of the slices 0 and 1
  });

  it('makes a slab of an odd number of slices', () => {
    expect([slabCount(10, 1), slabCount(10, 2.5), slabCount(2, 5)]).toEqual([11, 5, 1]);
  });
});

describe('a slice of an oblique scan', () => {
  const grid = turned(17);
  const frame = frameOf(grid);
  const values = ramp(grid, (i, j, k) => 40 * i + 7 * j * k - 300);

  it.each([['nearest', false, InterpolationMode.NEAREST], ['linear', true, InterpolationMode.LINEAR]])(
    'agrees with vtk.js, %s',
    (name, linear, mode) => {
      const [nu, nv] = frame.shape;
      const out = new Int16Array(nu * nv);
      createSampler(grid, frame, values, { linear, outside: -1000 })('axial', 5.25, ONE, out);
      const filter = vtkImageReslice.newInstance();
      filter.setInputData(imageOf(grid, values));
      filter.setOutputDimensionality(2);
      filter.setInterpolationMode(mode);
      filter.setBackgroundColor([-1000, 0, 0, 0]);
      const [x, y, z] = indexToWorld(frame, [0, 0, 5.25]);
      filter.setResliceAxes([1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, x, y, z, 1]);
      filter.setOutputOrigin([0, 0, 0]);
      filter.setOutputSpacing([frame.spacing_mm[0], frame.spacing_mm[1], 1]);
      filter.setOutputExtent([0, nu - 1, 0, nv - 1, 0, 0]);
      filter.update();
      const theirs = filter.getOutputData().getPointData().getScalars().getData();
      let same = 0;
      let inside = 0;
      theirs.forEach((value, n) => {
        const [u, v] = [n % nu, Math.floor(n / nu)];
        const index = worldToIndex(grid, indexToWorld(frame, [u, v, 5.25]));
        // At the very border the two differ in how far a voxel reaches.
        if (!index.every((i, a) => i > 0.01 && i < grid.shape[a] - 1.01)) return;
        inside += 1;
        if (Math.abs(value - out[n]) <= 1) same += 1;
      });
      expect(inside).toBeGreaterThan(200);
      expect(same).toBeGreaterThan(0.99 * inside); // a tie between two nearest voxels may fall either way
    },
  );

  it('is empty outside of the scan', () => {
    const out = new Int16Array(frame.shape[0] * frame.shape[1]);
    createSampler(grid, frame, values, { linear: true, outside: -1000 })('axial', 5, ONE, out);
    expect(out[0]).toBe(-1000);
  });
});
