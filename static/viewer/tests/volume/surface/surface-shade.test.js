import { describe, expect, it } from 'vitest';
import { createShade } from '../../../src/volume/surface/surface-shade.js';

/** Two blocks of bone, 20 mm high, 4 mm apart along z; 1 mm voxels, the box begins at (10, 0, 0) mm. */
const shape = [30, 30, 44];
const values = new Uint8Array(30 * 30 * 44).map((_, n) => {
  const k = Math.floor(n / 900);
  return k < 20 || k >= 24 ? 1 : 0;
});
const grid = { shape, spacing_mm: [1, 1, 1], origin_mm: [10, 0, 0], direction: [[1, 0, 0], [0, 1, 0], [0, 0, 1]] };

describe('the shade of a surface', () => {
  const shade = createShade({ first: [10, 0, 0], shape, values }, grid);
  const at = (point, normal) => shade(Float32Array.from(point), Float32Array.from(normal))[0];

  it('is light on an open face, and dark in a gap between bones', () => {
    const open = at([25, 15, 43.5], [0, 0, 1]);
    const gap = at([25, 15, 19.5], [0, 0, 1]);
    expect(open).toBeGreaterThan(235);
    expect(gap).toBeLessThan(0.6 * open);
  });

  it('is lightest at an edge, and the same for all points that lie alike', () => {
    expect(at([9.5, -0.5, 43.5], [-0.58, -0.58, 0.58])).toBe(255);
    const faces = shade(Float32Array.from([20, 15, 43.5, 30, 15, 43.5]), Float32Array.from([0, 0, 1, 0, 0, 1]));
    expect(Math.abs(faces[0] - faces[1])).toBeLessThan(4);
  });

  it('follows a grid that is turned', () => {
    const direction = [[0, -1, 0], [1, 0, 0], [0, 0, 1]]; // i runs to A, j to L
    const turned = createShade({ first: [0, 0, 0], shape, values }, { ...grid, origin_mm: [0, 0, 0], direction });
    const gap = turned(Float32Array.from([-15, 15, 19.5]), Float32Array.from([0, 0, 1]))[0];
    expect(gap).toBe(at([25, 15, 19.5], [0, 0, 1]));
    expect(turned(Float32Array.from([15, 15, 19.5]), Float32Array.from([0, 0, 1]))[0]).toBe(255);
  });
});
