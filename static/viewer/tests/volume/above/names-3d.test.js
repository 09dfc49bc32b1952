import { describe, expect, it } from 'vitest';
import { arrange } from '../../../src/volume/above/names-3d.js';
import { cameraOf, projectorOf } from '../../../src/vtk/camera.js';

/** From the patient's front, 500 mm before the middle: the patient's right is left on the screen. */
const camera = cameraOf([0, 500, 0, 0, 0, 0, 0, 0, 1], 30);
const SIZE = [600, 400];
/** @returns {any} */
const named = (name, middle, half = [20, 20, 10]) => ({ name, colour: [1, 1, 1], middle, half });

describe('where a camera shows a place', () => {
  it('is the middle for what it looks at, and the radiological sides', () => {
    const { place } = projectorOf(camera, SIZE);
    expect(place([0, 0, 0])).toEqual({ x: 300, y: 200, depth: 500 });
    expect(place([40, 0, 0]).x).toBeLessThan(300);
    expect(place([0, 0, 40]).y).toBeLessThan(200);
    const edge = 500 * Math.tan(Math.PI / 12); // half of the angle of view, up
    expect(place([0, 0, edge]).y).toBeCloseTo(0);
  });
});

describe('names in 3D', () => {
  it('stand left of their vertebrae, each at its height', () => {
    const [l1, l2] = arrange([named('L1', [0, 0, 40]), named('L2', [0, 0, 0])], camera, SIZE);
    expect(l1[1]).toBeLessThan(l2[1]);
    const { place } = projectorOf(camera, SIZE);
    expect(l2[0]).toBeCloseTo(place([20, 0, 0]).x - 6);
  });

  it('make room for each other where a little is enough', () => {
    const row = [60, 50, 40].map((z, n) => named(`T${n}`, [0, n, z]));
    const places = arrange(row, camera, [600, 1000]); // 10 mm are 19 px
    const heights = places.map((place) => place?.[1] ?? NaN);
    expect(heights[1] - heights[0]).toBeGreaterThanOrEqual(23.9);
    expect(heights[2] - heights[1]).toBeGreaterThanOrEqual(23.9);
  });

  it('leave out what a nearer one would cover, and what is not in sight', () => {
    const behind = camera.getPosition().map((x) => 2 * x);
    const places = arrange(
      [named('far', [0, -60, 1]), named('near', [0, 60, 0]), named('away', [900, 0, 0]), named('behind', behind)],
      camera,
      SIZE,
    );
    expect(places.map((place) => place !== null)).toEqual([false, true, false, false]);
  });

  it('go to the other side of their vertebra where buttons are', () => {
    const { place } = projectorOf(camera, SIZE);
    const [left, right] = [place([20, 0, 0]).x, place([-20, 0, 0]).x];
    const buttons = { left: 0, top: 150, right: left - 4, bottom: 400 };
    const [l1] = arrange([named('L1', [0, 0, 0])], camera, SIZE, { widths: [60], kept: [buttons] });
    expect(l1).toEqual([right + 6 + 60, 200]);
    const [high] = arrange([named('T1', [0, 0, 80])], camera, SIZE, { widths: [60], kept: [buttons] });
    expect(high[0]).toBeCloseTo(left - 6); // above them there is room
    const all = { left: 0, top: 0, right: 600, bottom: 400 };
    expect(arrange([named('L1', [0, 0, 0])], camera, SIZE, { widths: [], kept: [all] })).toEqual([null]);
  });
});
