import { describe, expect, it } from 'vitest';
import { areaOf, contoursOf } from '../../src/slices/contours.js';

const WIDTH = 40;

/** A picture of 40 x 30 with label `label` where `isInside(x, y)`. */
function picture(isInside, label = 20) {
  const labels = new Uint8Array(WIDTH * 30);
  for (let n = 0; n < labels.length; n += 1) if (isInside(n % WIDTH, Math.floor(n / WIDTH))) labels[n] = label;
  return labels;
}
const all = () => true;

/** Whether a place lies within closed curves, by how often a ray to the right meets them. */
function isWithin(curves, x, y) {
  let crossed = 0;
  for (const curve of curves)
    for (let n = 0; n < curve.length; n += 2) {
      const m = (n + 2) % curve.length;
      const [ax, ay, bx, by] = [curve[n], curve[n + 1], curve[m], curve[m + 1]];
      if (ay > y !== by > y && x < ax + ((y - ay) / (by - ay)) * (bx - ax)) crossed += 1;
    }
  return crossed % 2 === 1;
}

const shapes = {
  'a disc': (x, y) => Math.hypot(x - 20, y - 15) < 9.3,
  'a ring': (x, y) => Math.hypot(x - 20, y - 15) < 9.3 && Math.hypot(x - 20, y - 15) > 4,
  'a line one voxel wide': (x, y) => y === 12 && x > 5 && x < 30,
  'two voxels that touch at a corner': (x, y) => (x === 8 && y === 8) || (x === 9 && y === 9),
  'all of the picture': all,
};

describe('the outlines of a label', () => {
  it.each(Object.entries(shapes))('leave each voxel of %s on its side', (name, isInside) => {
    const [{ curves }] = contoursOf(picture(isInside), WIDTH, all);
    for (let y = 0; y < 30; y += 1)
      for (let x = 0; x < WIDTH; x += 1) expect(isWithin(curves, x, y), `${x} ${y}`).toBe(isInside(x, y));
  });

  it('are a circle where the voxels are stairs', () => {
    const [{ curves, middle }] = contoursOf(picture(shapes['a disc']), WIDTH, all);
    expect(curves).toHaveLength(1);
    const radii = Array.from({ length: curves[0].length / 2 }, (_, n) =>
      Math.hypot(curves[0][2 * n] - 20, curves[0][2 * n + 1] - 15),
    );
    expect(Math.max(...radii) - Math.min(...radii)).toBeLessThan(0.7);
    expect(areaOf(curves[0]).area / 2).toBeGreaterThan(0.97 * Math.PI * 9.3 ** 2);
    expect(areaOf(curves[0]).area / 2).toBeLessThan(1.03 * Math.PI * 9.3 ** 2);
    expect(middle[0]).toBeCloseTo(20, 1);
    expect(middle[1]).toBeCloseTo(15, 1);
  });

  it('are one a boundary, and none of what is not seen', () => {
    expect(contoursOf(picture(shapes['a ring']), WIDTH, all)[0].curves).toHaveLength(2);
    expect(contoursOf(picture(all), WIDTH, () => false)).toEqual([]);
  });

  it('of neighbours meet, with no gap and no overlap', () => {
    const labels = picture((x) => x < 20, 20);
    picture((x) => x >= 20, 21).forEach((label, n) => label && (labels[n] = label));
    const [left, right] = contoursOf(labels, WIDTH, all);
    const isMiddle = (x, n, curve) => n % 2 === 0 && x > 19 && x < 20 && curve[n + 1] > 3 && curve[n + 1] < 26;
    const edges = ({ curves }) => Array.from(curves[0]).filter(isMiddle);
    expect([left.label, right.label]).toEqual([20, 21]);
    edges(left).concat(edges(right)).forEach((x) => expect(x).toBeCloseTo(19.5, 5));
  });
});
