import { describe, expect, it } from 'vitest';
import {
  PLANES, centroidOf, clampIndex, centreIndex, fitView, indexToPlane, indexToWorld, offsetOf, panBy, planeToIndex,
  planeToScreen, positionText, screenToPlane, zoomAt,
} from '../../src/core/geometry.js';
/** @import { Plane } from '../../src/types.js' */

const grid = {
  shape: [10, 20, 30],
  spacing_mm: [1, 2, 3],
  origin_mm: [-5, 7, 100],
  direction: [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
};

describe('the centroid of a mask', () => {
  it('is the mean index of its voxels', () => {
    const values = new Uint8Array(2 * 3 * 4);
    values[1 + 2 * (0 + 3 * 1)] = 1; // (1, 0, 1)
    values[1 + 2 * (2 + 3 * 3)] = 7; // (1, 2, 3)
    expect(centroidOf(values, [2, 3, 4])).toEqual([1, 1, 2]);
  });

  it('is nowhere if the mask is empty', () => {
    expect(centroidOf(new Uint8Array(8), [2, 2, 2])).toBeNull();
  });
});

describe('the grid', () => {
  it('puts voxel (1, 2, 3) where the affine says', () => {
    expect(indexToWorld(grid, [1, 2, 3])).toEqual([-4, 11, 109]);
  });

  it('follows an oblique direction: i points to S', () => {
    const turned = { ...grid, direction: [[0, 0, 1], [0, 1, 0], [1, 0, 0]] };
    expect(indexToWorld(turned, [4, 0, 0])).toEqual([-5, 7, 104]);
  });

  it('counts i fastest, k slowest', () => {
    expect(offsetOf(grid, [3, 2, 1])).toBe(3 + 2 * 10 + 200);
  });

  it('keeps the crosshair inside', () => {
    expect(clampIndex(grid, [-3, 7.6, 99])).toEqual([0, 8, 29]);
    expect(centreIndex(grid)).toEqual([4, 9, 14]);
  });
});

describe('the radiological convention', () => {
  const size = [400, 400];
  const seen = (plane, index) => planeToScreen(fitView(grid, plane, size), size, indexToPlane(grid, plane, index));

  it.each(['axial', 'coronal'])("shows the patient's right (large i) on the left: %s", (plane) => {
    expect(seen(plane, [9, 5, 5])[0]).toBeLessThan(seen(plane, [0, 5, 5])[0]);
    expect(PLANES[plane].letters.left).toBe('R');
  });

  it('shows anterior (large j) above in axial, on the left in sagittal', () => {
    expect(seen('axial', [5, 19, 5])[1]).toBeLessThan(seen('axial', [5, 0, 5])[1]);
    expect(seen('sagittal', [5, 19, 5])[0]).toBeLessThan(seen('sagittal', [5, 0, 5])[0]);
  });

  it.each(['coronal', 'sagittal'])('shows superior (large k) above: %s', (plane) => {
    expect(seen(plane, [5, 5, 29])[1]).toBeLessThan(seen(plane, [5, 5, 0])[1]);
  });
});

describe('a view', () => {
  const size = [300, 200];

  it('fits the whole plane: 40 x 90 mm in sagittal, limited by its height', () => {
    expect(fitView(grid, 'sagittal', size, 1).mmPerPx).toBeCloseTo(90 / 200);
  });

  it('draws a millimetre as long across as upwards', () => {
    const view = fitView(grid, 'coronal', size);
    const [x0, y0] = planeToScreen(view, size, [0, 0]);
    const [x1, y1] = planeToScreen(view, size, [10, 10]);
    expect(x1 - x0).toBeCloseTo(y0 - y1);
  });

  it.each(Object.keys(PLANES))('comes back from the screen to the same voxel: %s', (/** @type {Plane} */ plane) => {
    const view = zoomAt(fitView(grid, plane, size), size, [10, 20], 2.5);
    const at = planeToScreen(view, size, indexToPlane(grid, plane, [3, 4, 5]));
    const back = planeToIndex(grid, plane, screenToPlane(view, size, at), [3, 4, 5]);
    back.forEach((value, axis) => expect(value).toBeCloseTo([3, 4, 5][axis]));
  });

  it('keeps the point under the pointer while it zooms', () => {
    const view = fitView(grid, 'axial', size);
    const before = screenToPlane(view, size, [40, 50]);
    const after = screenToPlane(zoomAt(view, size, [40, 50], 3), size, [40, 50]);
    after.forEach((value, n) => expect(value).toBeCloseTo(before[n]));
  });

  it('moves the picture with the pointer', () => {
    const view = fitView(grid, 'axial', size);
    const [x, y] = planeToScreen(view, size, [1, 1]);
    const [x2, y2] = planeToScreen(panBy(view, 15, -7), size, [1, 1]);
    expect([x2 - x, y2 - y].map(Math.round)).toEqual([15, -7]);
  });
});

it('names positions by the side they are on', () => {
  expect(positionText([-1.25, 2, 0])).toBe('L 1.3  A 2.0  S 0.0');
});
