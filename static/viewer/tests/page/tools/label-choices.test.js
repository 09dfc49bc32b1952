import { describe, expect, it } from 'vitest';
import { IVORY, boneColours, hexOf, isAlone, isolated, rgbOf, toggled } from '../../../src/page/tools/label-choices.js';

/** @type {any} */
const mask = { id: 'a', kind: 'model', labels: [20, 21, 22].map((number) => ({ number })) };

describe('choices of labels', () => {
  it('hide one and show it again', () => {
    expect(toggled([20], 21)).toEqual([20, 21]);
    expect(toggled([20, 21], 20)).toEqual([21]);
  });

  it('show one alone, and all again', () => {
    const hidden = isolated(mask, [], 21);
    expect(hidden).toEqual([20, 22]);
    expect(isAlone(mask, hidden, 21)).toBe(true);
    expect(isAlone(mask, hidden, 20)).toBe(false);
    expect(isolated(mask, hidden, 21)).toEqual([]);
    expect(isolated(mask, hidden, 20)).toEqual([21, 22]);
  });

  it('never call the only label of a mask alone', () => {
    expect(isAlone({ ...mask, labels: [{ number: 1 }] }, [], 1)).toBe(false);
  });

  it('read and write colours', () => {
    expect(hexOf([255, 176, 9])).toBe('#ffb009');
    expect(rgbOf('#ffb009')).toEqual([255, 176, 9]);
  });
});

describe('surfaces as bone', () => {
  it('keep colours that somebody chose, and those of a reference', () => {
    const masks = [{ id: 'm', kind: 'vertebrae' }, { id: 'r', kind: 'reference' }];
    const defaults = { m: { 20: [1, 2, 3], 21: [4, 5, 6] }, r: { 1: [7, 8, 9] } };
    const colours = { ...defaults, m: { 20: [1, 2, 3], 21: [255, 0, 0] } };
    expect(boneColours(masks, colours, defaults)).toEqual({ m: { 20: IVORY, 21: [255, 0, 0] }, r: { 1: [7, 8, 9] } });
  });
});
