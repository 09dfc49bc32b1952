import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { planeAcross, sampleAcross } from '../../src/navigation/across.js';
import {
  NO_EDITS, begun, edited, movedBy, newestOf, placed, thickerBy, undone,
} from '../../src/navigation/edits.js';

/** @type {import('../../src/navigation/guidance.js').Screw} */
const SCREW = {
  name: 'L4 right', label: 23, level: 'L4', side: 'right', entry_ras_mm: [10, 0, 0], tip_ras_mm: [10, 40, 0],
  diameter_mm: 6, length_mm: 40, grade: 'A', breach_mm: 0, direction: '', least_clearance_mm: 1, hu_mean: 200,
};

describe('a screw that is dragged', () => {
  it('moves the end that is held, or both', () => {
    expect(movedBy(SCREW, 'entry', [1, 2, 3]).entry_ras_mm).toEqual([11, 2, 3]);
    expect(movedBy(SCREW, 'entry', [1, 2, 3]).tip_ras_mm).toEqual(SCREW.tip_ras_mm);
    const both = movedBy(SCREW, 'both', [0.00049, -1, 0]);
    expect([both.entry_ras_mm, both.tip_ras_mm]).toEqual([[10, -1, 0], [10, 39, 0]]);
  });
  it('stays as thin and as thick as screws can be', () => {
    expect(thickerBy(SCREW, 0.5).diameter_mm).toBe(6.5);
    expect(thickerBy(SCREW, -9).diameter_mm).toBe(1);
    expect(thickerBy(SCREW, 99).diameter_mm).toBe(12);
  });
  it('has no grade until it is checked where it is', () => {
    const there = movedBy(SCREW, 'tip', [0, 5, 0]);
    const edits = placed(begun(NO_EDITS), SCREW.name, there);
    const [moved] = edited([SCREW], edits, {});
    expect([moved.grade, moved.length_mm, moved.hu_mean]).toEqual(['', 45, null]);
    const found = { ...SCREW, ...there, grade: 'C', clearance_mm: [1, -2.5] };
    expect(edited([SCREW], edits, { [SCREW.name]: found })[0].grade).toBe('C');
    const further = placed(edits, SCREW.name, movedBy(there, 'tip', [0, 1, 0]));
    expect(edited([SCREW], further, { [SCREW.name]: found })[0].grade).toBe('');
  });
  it('goes back step by step, and no further than the plan', () => {
    const one = placed(begun(NO_EDITS), SCREW.name, movedBy(SCREW, 'tip', [0, 0, 1]));
    const two = placed(begun(one), SCREW.name, movedBy(SCREW, 'tip', [0, 0, 2]));
    expect(edited([SCREW], undone(two), {})[0].tip_ras_mm[2]).toBe(1);
    expect(edited([SCREW], undone(undone(two)), {})).toEqual([SCREW]);
    expect(undone(undone(undone(two)))).toEqual(NO_EDITS);
  });
});

describe('questions while dragging', () => {
  beforeEach(() => vi.useFakeTimers());
  afterEach(() => vi.useRealTimers());
  it('are asked one at a time, of what was said last', async () => {
    /** @type {number[]} */
    const asked = [];
    const ask = newestOf(async (/** @type {number} */ n) => {
      asked.push(n);
      await new Promise((resolve) => setTimeout(resolve, 1000));
    }, 100);
    [1, 2, 3].forEach((n) => ask.call(n));
    await vi.advanceTimersByTimeAsync(100);
    expect(asked).toEqual([3]);
    [4, 5].forEach((n) => ask.call(n));
    await vi.advanceTimersByTimeAsync(500);
    expect(asked).toEqual([3]); // the first is still on its way
    await vi.advanceTimersByTimeAsync(700);
    expect(asked).toEqual([3, 5]);
  });
});

describe('the plane across an axis', () => {
  it('is seen from behind: right is right, up is up', () => {
    const { centre, right, up } = planeAcross(SCREW, 15);
    expect(centre).toEqual([10, 15, 0]);
    right.forEach((part, n) => expect(part).toBeCloseTo([1, 0, 0][n]));
    up.forEach((part, n) => expect(part).toBeCloseTo([0, 0, 1][n]));
  });
  it('shows the voxels that lie there', () => {
    const grid = {
      shape: [21, 5, 21], spacing_mm: [1, 1, 1], origin_mm: [0, 13, -10], direction: [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
    };
    const values = new Int16Array(21 * 5 * 21);
    for (let k = 0; k < 21; k += 1)
      for (let j = 0; j < 5; j += 1)
        for (let i = 0; i < 21; i += 1) values[i + 21 * (j + 5 * k)] = 100 * i + 10 * j + k;
    const picture = sampleAcross(values, grid, planeAcross(SCREW, 15), 5, 1, -1000);
    expect(picture[12]).toBe(1000 + 20 + 10); // the middle: (10, 15, 0)
    expect(picture[13] - picture[12]).toBe(100); // to the right
    expect(picture[7] - picture[12]).toBe(1); // upwards
    expect(sampleAcross(values, grid, planeAcross(SCREW, 90), 5, 1, -1000)[12]).toBe(-1000);
  });
});
