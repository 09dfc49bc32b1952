import { describe, expect, it } from 'vitest';
import { hexOf, isAlone, isolated, rgbOf, toggled } from '../../../src/page/tools/label-choices.js';

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
