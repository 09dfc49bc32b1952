import { describe, expect, it } from 'vitest';
import { labelNumbers, mergeLabels } from '../../src/data/merged-labels.js';
/** @import { Rgb } from '../../src/types.js' */

/** @type {Rgb} */
const RED = [1, 0, 0];
/** @type {Rgb} */
const GREEN = [0, 1, 0];
/** @type {Rgb} */
const BLUE = [0, 0, 1];

/** The colour of each voxel once the masks are merged; null where there is none. */
function seen(...masks) {
  const { numbers, colours } = labelNumbers(masks);
  return [...mergeLabels(masks.map((mask) => mask.values), numbers)].map((number) => colours[number] ?? null);
}

describe('masks merged to colour the CT', () => {
  const spine = { values: Uint8Array.of(0, 1, 1, 1, 0), colours: { 1: RED } };
  const vertebrae = { values: Uint8Array.of(0, 0, 1, 20, 20), colours: { 1: GREEN, 20: BLUE } };

  it('each label of each mask keeps its colour, and the later mask wins where both are', () => {
    expect(seen(spine, vertebrae)).toEqual([null, RED, GREEN, BLUE, BLUE]);
    expect(seen(vertebrae, spine)).toEqual([null, RED, RED, RED, BLUE]);
  });

  it('no two labels share a number, not even those of one colour', () => {
    const { numbers, colours } = labelNumbers([spine, { ...vertebrae, colours: { 1: RED, 20: RED } }]);
    expect(new Set([numbers[0][1], numbers[1][1], numbers[1][20]]).size).toBe(3);
    expect(Object.keys(colours)).toEqual(['1', '2', '3']);
  });

  it('a hidden label is left out, and the mask below it is seen there', () => {
    expect(seen(spine, { ...vertebrae, colours: { 20: BLUE } })).toEqual([null, RED, RED, BLUE, BLUE]);
    expect(seen({ ...spine, colours: {} })).toEqual([null, null, null, null, null]);
  });

  it('the masks themselves stay as they are', () => {
    seen(spine, vertebrae);
    expect([...spine.values]).toEqual([0, 1, 1, 1, 0]);
  });

  it('more labels than 8 bits hold are refused', () => {
    const many = { colours: Object.fromEntries(Array.from({ length: 200 }, (_, n) => [n + 1, RED])) };
    expect(() => labelNumbers([many, many])).toThrow(/more than 255 labels/);
    expect(labelNumbers([many]).numbers[0][200]).toBe(200);
  });
});
