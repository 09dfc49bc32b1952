import { describe, expect, it } from 'vitest';
import { WINDOW_PRESETS, isWindow, nextWindow } from '../../src/page/window-presets.js';

describe('the key that changes the window', () => {
  it('goes through all presets and begins again', () => {
    const presets = Object.values(WINDOW_PRESETS);
    presets.forEach((preset, n) => expect(nextWindow(preset)).toEqual(presets[(n + 1) % presets.length]));
  });

  it('takes the first after a window of one’s own', () => {
    expect(nextWindow([123, 456])).toEqual(WINDOW_PRESETS.bone);
  });

  it('hands out copies', () => {
    nextWindow([0, 0])[0] = 7;
    expect(WINDOW_PRESETS.bone).toEqual([500, 2000]);
  });

  it('tells windows apart by level and by width', () => {
    const same = [[1, 2], [1, 3], [0, 2]].map((other) => isWindow([1, 2], other));
    expect(same).toEqual([true, false, false]);
  });
});
