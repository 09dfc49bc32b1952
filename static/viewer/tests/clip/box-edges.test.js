import { describe, expect, it } from 'vitest';
import { edgesOf, faceOf, partsOf, placeAt } from '../../src/clip/box-edges.js';
import { WHOLE, boxPlanes, common, withoutTable } from '../../src/volume/clip-box.js';

const c = Math.cos(0.3);
const s = Math.sin(0.3);
const grid = {
  shape: [10, 20, 30], spacing_mm: [1, 1, 2], origin_mm: [5, -7, 3], direction: [[c, -s, 0], [s, c, 0], [0, 0, 1]],
};
const BOX = [[0.1, 0.9], [0.25, 0.5], [0, 1]];

describe('a clipping box that is drawn', () => {
  it('has its faces where the planes cut', () => {
    const [left] = boxPlanes(grid, BOX);
    expect(placeAt(grid, [0.1, 0, 0]).map((mm) => mm.toFixed(3))).toEqual(
      placeAt(grid, partsOf(grid, left.origin).map((part, axis) => (axis ? 0 : part))).map((mm) => mm.toFixed(3)),
    );
    expect(faceOf(BOX, 1, 1)).toEqual([0.5, 0.5, 0.5]);
  });

  it('finds the parts of a place again', () => {
    partsOf(grid, placeAt(grid, [0.2, 0.3, 0.8])).forEach((part, n) => expect(part).toBeCloseTo([0.2, 0.3, 0.8][n]));
  });

  it('has twelve edges, of four in each direction', () => {
    const edges = edgesOf(BOX);
    const directions = edges.map(([from, to]) => from.findIndex((part, axis) => part !== to[axis]));
    expect([0, 1, 2].map((axis) => directions.filter((each) => each === axis).length)).toEqual([4, 4, 4]);
    expect(new Set(edges.map(String)).size).toBe(12);
  });
});

describe('the CT around a spine', () => {
  it('ends a little behind it, and far before it', () => {
    const direction = [[1, 0, 0], [0, 1, 0], [0, 0, 1]];
    const straight = { shape: [100, 400, 100], spacing_mm: [1, 1, 1], origin_mm: [0, 0, 0], direction };
    const [i, [from, to], k] = withoutTable(straight, [40, 60, 150, 180, 0, 99]);
    expect([i, k]).toEqual([WHOLE[0], WHOLE[2]]);
    expect(from * 400).toBeCloseTo(150.5 - 12);
    expect(to * 400).toBeCloseTo(180.5 + 160);
    expect(withoutTable(straight, [0, 1, 2, 399, 0, 1])[1]).toEqual([0, 1]);
  });

  it('is cut by the box that was chosen, too, and never to nothing', () => {
    expect(common(BOX, WHOLE)).toEqual(BOX);
    const [[from, to]] = common([[0, 0.3], [0, 1], [0, 1]], [[0.6, 1], [0, 1], [0, 1]]);
    expect(to).toBeGreaterThan(from);
  });
});
