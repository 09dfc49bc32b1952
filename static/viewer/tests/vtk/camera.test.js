import { describe, expect, it } from 'vitest';
import { cameraBefore, cameraNumbers, cameraOf } from '../../src/vtk/camera.js';

const camera = cameraOf([0, 500, 0, 0, 0, 0, 0, 0, 1], 30);

describe('a camera', () => {
  it('is nine numbers', () => {
    expect(cameraNumbers(camera)).toEqual([0, 500, 0, 0, 0, 0, 0, 0, 1]);
  });

  it('goes before a box, looks at its middle from the same side, and sees all of it', () => {
    const moved = cameraBefore(camera, [10, 20, 30], [30, 40, 50]);
    expect(moved.getFocalPoint()).toEqual([20, 30, 40]);
    const [x, y, z] = moved.getPosition();
    expect([x, z]).toEqual([20, 40]);
    const half = Math.asin(Math.hypot(10, 10, 10) / (y - 30)); // under which the box's ball is seen
    expect(half).toBeLessThan((15 * Math.PI) / 180);
    expect(half).toBeGreaterThan((12 * Math.PI) / 180);
  });

  it('goes no farther away than it is', () => {
    const moved = cameraBefore(camera, [-200, -200, -200], [200, 200, 200]);
    expect(moved.getPosition()).toEqual([0, 500, 0]);
  });
});
