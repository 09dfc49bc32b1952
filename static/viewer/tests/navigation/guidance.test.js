import { describe, expect, it } from 'vitest';
import { guidance, nearestScrew, residualColour } from '../../src/navigation/guidance.js';
import { createClock, createFigures, quantile } from '../../src/navigation/live.js';
import { columnMajor } from '../../src/navigation/scene.js';

/** @typedef {[number, number, number]} Place */
/** A screw that goes 40 mm forwards from `x` to the right. @param {number} x */
const screwAt = (x) => ({
  entry_ras_mm: /** @type {Place} */ ([x, 0, 0]),
  tip_ras_mm: /** @type {Place} */ ([x, 40, 0]),
});
const SCREW = screwAt(0);

describe('guidance', () => {
  it('is nothing where the tool lies on the plan', () => {
    expect(guidance([0, 40, 0], [0, 1, 0], SCREW)).toEqual({ offAxis: 0, depth: 40, left: 0, angle: 0 });
  });
  it('gives the distance to the axis, the depth, what is left, and the angle', () => {
    const tilted = [Math.sin(Math.PI / 6), Math.cos(Math.PI / 6), 0]; // thirty degrees
    const found = guidance([3, 10, 4], tilted, SCREW);
    expect(found.offAxis).toBeCloseTo(5);
    expect(found.depth).toBeCloseTo(10);
    expect(found.left).toBeCloseTo(30);
    expect(found.angle).toBeCloseTo(30);
  });
  it('counts a tool before the entry as negative depth, and one that points backwards as half a turn', () => {
    const found = guidance([0, -12, 0], [0, -1, 0], SCREW);
    expect([found.depth, found.left, found.angle]).toEqual([-12, 52, 180]);
  });
  it('chooses the screw that the tool points along', () => {
    const other = screwAt(30);
    expect(nearestScrew([28, 5, 0], [0, 1, 0], [SCREW, other])).toBe(other);
    expect(nearestScrew([28, 5, 0], [0, 1, 0], [])).toBeNull();
  });
  it('colours residuals red outside, blue inside, and no further than 2 mm', () => {
    expect(residualColour(0)).toBe('rgb(225 225 225)');
    expect(residualColour(2)).toBe('rgb(255 70 60)');
    expect(residualColour(9)).toBe(residualColour(2));
    expect(residualColour(-2)).toBe('rgb(70 130 255)');
  });
});

describe('the tool in 3D', () => {
  it('has its tip where it is, and z along its axis, in a right-handed motion', () => {
    const m = columnMajor([1, 2, 3], [1, 0, 0]);
    expect(m.slice(12)).toEqual([1, 2, 3, 1]);
    expect(m.slice(8, 11)).toEqual([1, 0, 0]);
    const [x, y, z] = [m.slice(0, 3), m.slice(4, 7), m.slice(8, 11)];
    const cross = [x[1] * y[2] - x[2] * y[1], x[2] * y[0] - x[0] * y[2], x[0] * y[1] - x[1] * y[0]];
    cross.forEach((part, n) => expect(part).toBeCloseTo(z[n]));
  });
});

describe('the watch', () => {
  it('compares two clocks by the quickest answer', () => {
    const clock = createClock();
    clock.take(1000, 1300, 6150); // 300 ms on the way: 5000 ahead, give or take
    clock.take(2000, 2010, 7015); // 10 ms: 5010 ahead
    clock.take(3000, 3400, 9999); // slower ones change nothing
    expect(clock.toHere(8010)).toBe(3000);
  });
  it('counts pictures a second and their delay', () => {
    const figures = createFigures();
    for (let n = 0; n <= 40; n += 1) figures.add(1000 + 25 * n, 20 + (n % 2));
    const { hz, median, most } = figures.read(2000);
    expect(hz).toBeCloseTo(40);
    expect([median, most]).toEqual([20, 21]);
    expect(figures.read(9000).hz).toBe(0);
  });
  it('takes a quantile of what there is', () => {
    expect(quantile([3, 1, 2], 0.5)).toBe(2);
    expect(quantile([], 0.5)).toBeNaN();
  });
});
