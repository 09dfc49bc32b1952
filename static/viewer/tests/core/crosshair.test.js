import { describe, expect, it, vi } from 'vitest';
import { createCrosshair } from '../../src/core/crosshair.js';

const IDENTITY = [[1, 0, 0], [0, 1, 0], [0, 0, 1]];
const grid = { shape: [4, 4, 4], spacing_mm: [1, 1, 2], origin_mm: [0, 0, 0], direction: IDENTITY };

describe('the crosshair', () => {
  it('tells of a move once, and not of standing still', () => {
    const crosshair = createCrosshair(grid);
    const heard = vi.fn();
    crosshair.onMove(heard);
    expect(crosshair.moveTo([3, 2, 1])).toBe(true);
    expect(crosshair.moveTo([3.2, 2, 0.9])).toBe(false);
    expect(heard.mock.calls).toEqual([[[3, 2, 1], [3, 2, 2]]]); // voxel, and RAS+ mm
  });

  it('stops at the edge', () => {
    const crosshair = createCrosshair(grid);
    crosshair.step(2, 99);
    expect(crosshair.index[2]).toBe(3);
  });
});
