import { describe, expect, it } from 'vitest';
import { coarser, factorsFor, thinned, voxelsFor3d } from '../../src/core/sampling.js';

const IDENTITY = [[1, 0, 0], [0, 1, 0], [0, 0, 1]];
const grid = { shape: [4, 4, 4], spacing_mm: [1, 1, 2], origin_mm: [0, 0, 0], direction: IDENTITY };

describe('what is too large for the 3D view', () => {
  const values = Int16Array.from({ length: 64 }, (_, n) => n);

  it('passes unchanged below the limit', () => {
    expect(factorsFor(grid, 64)).toEqual([1, 1, 1]);
    expect(thinned(values, grid.shape, [1, 1, 1])).toBe(values);
  });

  it('loses every second voxel of the finest axis first, and keeps its place in mm', () => {
    const factors = factorsFor(grid, 32);
    expect(factors).toEqual([2, 1, 1]);
    expect(coarser(grid, factors)).toMatchObject({ shape: [2, 4, 4], spacing_mm: [2, 1, 2], origin_mm: [0.5, 0, 0] });
    expect([...thinned(values, grid.shape, factors).slice(0, 4)]).toEqual([0, 2, 4, 6]);
  });

  it('is the less the more of a tablet\'s memory the scan itself takes', () => {
    expect(voxelsFor3d({ shape: [512, 512, 100] }, true)).toBe(48e6);
    expect(voxelsFor3d({ shape: [512, 512, 800] }, true)).toBe(4e6);
    expect(voxelsFor3d({ shape: [512, 512, 400] }, true)).toBeCloseTo((450e6 - 2 * 512 * 512 * 400) / 8);
    expect(voxelsFor3d({ shape: [512, 512, 800] }, false)).toBe(48e6);
  });

  it('has no side longer than the device allows, and keeps a rest at the end', () => {
    expect(factorsFor({ ...grid, shape: [5, 4, 4] }, 1000, 2)).toEqual([3, 2, 2]);
    expect([...thinned(values, [64, 1, 1], [60, 1, 1])]).toEqual([29, 63]);
  });
});
