import { describe, expect, it } from 'vitest';
import { indexToWorld } from '../../src/core/geometry.js';
import { LabelVolume } from '../../src/edit/label-volume.js';
import { BRICK, brickSurface } from '../../src/edit/surface/surface-nets.js';

const [c, s] = [Math.cos(0.4), Math.sin(0.4)];
const grid = {
  shape: [60, 50, 48],
  spacing_mm: [0.8, 1, 1.2],
  origin_mm: [5, -3, 7],
  direction: [[c, -s, 0], [s, c, 0], [0, 0, 1]],
};
const middle = indexToWorld(grid, [40, 24, 24]); // near the face of two bricks
const RADIUS = 14;

function ball() {
  const values = new Uint8Array(60 * 50 * 48);
  for (let n = 0, k = 0; k < 48; k += 1)
    for (let j = 0; j < 50; j += 1)
      for (let i = 0; i < 60; i += 1, n += 1) {
        const mm = Math.hypot(...indexToWorld(grid, [i, j, k]).map((at, axis) => at - middle[axis]));
        values[n] = mm <= RADIUS ? 3 : 0;
      }
  return new LabelVolume(grid, { first: [0, 0, 0], shape: [60, 50, 48], values });
}

describe('the surface of a ball on an oblique grid, made of bricks', () => {
  const volume = ball();
  const surfaces = [];
  for (let k = -1; k <= 48 / BRICK; k += 1)
    for (let j = -1; j <= 50 / BRICK; j += 1)
      for (let i = -1; i <= 60 / BRICK; i += 1) {
        const found = brickSurface(volume, 3, [i, j, k]);
        if (found) surfaces.push(found);
      }

  it('lies where the ball ends, and its normals point outwards', () => {
    expect(surfaces.length).toBeGreaterThan(1);
    for (const { points, normals } of surfaces)
      for (let n = 0; n < points.length; n += 3) {
        const out = [0, 1, 2].map((axis) => points[n + axis] - middle[axis]);
        const mm = Math.hypot(...out);
        expect(Math.abs(mm - RADIUS)).toBeLessThan(1);
        const cosine = [0, 1, 2].reduce((sum, axis) => sum + (out[axis] * normals[n + axis]) / mm, 0);
        expect(cosine).toBeGreaterThan(0.7);
      }
  });

  it('is closed, also between bricks, and turned outwards', () => {
    let ml = 0;
    const edges = new Map();
    const key = (points, n) => [0, 1, 2].map((axis) => points[3 * n + axis].toFixed(3)).join(' ');
    for (const { points, corner } of surfaces)
      for (let t = 0; t < corner.length; t += 3) {
        const at = (n) => [0, 1, 2].map((axis) => points[3 * corner[t + n] + axis] - middle[axis]);
        const [a, b, d] = [at(0), at(1), at(2)];
        const cross = [b[1] * d[2] - b[2] * d[1], b[2] * d[0] - b[0] * d[2], b[0] * d[1] - b[1] * d[0]];
        ml += (a[0] * cross[0] + a[1] * cross[1] + a[2] * cross[2]) / 6000;
        const names = [0, 1, 2].map((n) => key(points, corner[t + n]));
        names.forEach((name, n) => {
          const next = names[(n + 1) % 3];
          edges.set(`${name}|${next}`, (edges.get(`${name}|${next}`) ?? 0) + 1);
        });
      }
    const open = [...edges.keys()].filter((edge) => !edges.has(edge.split('|').reverse().join('|')));
    expect(open).toHaveLength(0);
    expect(ml).toBeCloseTo(((4 / 3) * Math.PI * RADIUS ** 3) / 1000, 0);
  });
});
