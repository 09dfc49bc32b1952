import { describe, expect, it } from 'vitest';
import { enlarge, factorsFor } from '../../src/slices/enlarge.js';

/** @param {number[]} values @param {[number, number]} shape @param {[number, number]} factors */
function enlarged(values, shape, factors) {
  const into = new Int16Array(values.length * factors[0] * factors[1]);
  enlarge(Int16Array.from(values), shape, factors, into);
  return [...into];
}

describe('an enlarged picture', () => {
  it('is linear between the middles of its elements, and goes on at the border', () => {
    expect(enlarged([0, 400], [2, 1], [4, 1])).toEqual([0, 0, 50, 150, 250, 350, 400, 400]);
    expect(enlarged([0, 400], [1, 2], [1, 2])).toEqual([0, 100, 300, 400]);
  });
  it('is linear in both directions', () => {
    expect(enlarged([0, 40, 80, 120], [2, 2], [2, 2])).toEqual([
      ...[0, 10, 30, 40], ...[20, 30, 50, 60], ...[60, 70, 90, 100], ...[80, 90, 110, 120],
    ]); // prettier-ignore
  });
  it('is what it was by factors of one, and of a single element', () => {
    expect(enlarged([3, -1000, 7, 3071], [2, 2], [1, 1])).toEqual([3, -1000, 7, 3071]);
    expect(enlarged([5], [1, 1], [2, 2])).toEqual([5, 5, 5, 5]);
  });
});

describe('how far a picture is enlarged', () => {
  it('is to about a pixel of the screen, and eight times at most', () => {
    expect(factorsFor([100, 100], [1, 3], 1)).toEqual([1, 3]);
    expect(factorsFor([100, 100], [1, 1], 0.5)).toEqual([2, 2]);
    expect(factorsFor([100, 100], [1, 5], 0.1)).toEqual([8, 8]);
  });
  it('is less where the picture has many elements', () => {
    const [a, d] = factorsFor([512, 512], [0.7, 0.7], 0.1);
    expect(512 * a * 512 * d).toBeLessThanOrEqual(0.8e6);
    expect(a * d).toBeGreaterThan(1);
    expect(factorsFor([2048, 2048], [0.4, 0.4], 0.1)).toEqual([1, 1]);
  });
});
