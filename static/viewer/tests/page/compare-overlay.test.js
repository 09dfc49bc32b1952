import { describe, expect, it, vi } from 'vitest';
import { createCine, nextSlice } from '../../src/slices/cine.js';
import { createCrosshair } from '../../src/core/crosshair.js';
import { figures, legendEnd } from '../../src/volume/distance-surface.js';
import { frameOf } from '../../src/core/patient-frame.js';
import { curtainAt, curtainKey } from '../../src/page/compare-overlay.js';

const IDENTITY = [[1, 0, 0], [0, 1, 0], [0, 0, 1]];
const grid = { shape: [4, 4, 3], spacing_mm: [1, 1, 2], origin_mm: [0, 0, 0], direction: IDENTITY };

describe('cine', () => {
  it('begins again behind the last slice', () => {
    expect([0, 1, 2].map((slice) => nextSlice(slice, 3))).toEqual([1, 2, 0]);
  });

  it('shows one slice after another and ends when someone moves the crosshair', () => {
    vi.useFakeTimers();
    const crosshair = createCrosshair(grid);
    const told = vi.fn();
    const cine = createCine(crosshair, frameOf(grid), told);
    cine.play('axial');
    vi.advanceTimersByTime(1000 / 12 + 1);
    expect(crosshair.voxel[2]).toBe(2);
    vi.advanceTimersByTime(1000 / 12 + 1);
    expect(crosshair.voxel[2]).toBe(0);
    crosshair.step(0, 1);
    vi.advanceTimersByTime(1000);
    expect(crosshair.voxel[2]).toBe(0);
    expect(told.mock.calls).toEqual([[2], [-1]]);
    vi.useRealTimers();
  });
});

describe('the curtain', () => {
  it('follows the pointer and stays in its panel', () => {
    expect([50, 150, 400].map((x) => curtainAt(x, { left: 100, width: 200 }))).toEqual([0, 25, 100]);
  });

  it('follows the keys of a slider, and no other', () => {
    const keys = ['ArrowLeft', 'PageUp', 'Home', 'End', 'x'];
    expect(keys.map((key) => curtainKey(key, 95))).toEqual([93, 100, 0, 100, null]);
  });
});

describe('distances between two masks', () => {
  const found = figures(Float32Array.from([-4, 0, 1, 1]));
  it('have a mean, a 95th percentile and a greatest amount', () => {
    expect(found).toEqual({ mean: 1.5, p95: 1, max: 4 });
  });

  it('have a legend that ends at a round number', () => {
    expect([{ p95: 0.2 }, { p95: 2.3 }, { p95: 99 }].map(legendEnd)).toEqual([1, 3, 10]);
  });
});
