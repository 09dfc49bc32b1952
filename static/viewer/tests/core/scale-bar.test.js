import { describe, expect, it } from 'vitest';
import { scaleBar, scaleText } from '../../src/core/scale-bar.js';

describe('a scale bar', () => {
  it('is round and fits', () => {
    expect(scaleBar(0.5)).toEqual([20, 40]);
    expect(scaleBar(1)).toEqual([50, 50]);
  });

  it('is the shortest one where none fits', () => {
    expect(scaleBar(0.001)).toEqual([1, 1000]);
  });

  it('reads in cm from 1 cm on', () => {
    expect([5, 10, 200].map(scaleText)).toEqual(['5 mm', '1 cm', '20 cm']);
  });
});
