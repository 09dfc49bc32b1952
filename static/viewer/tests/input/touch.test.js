import { describe, expect, it, vi } from 'vitest';
import { createTwoFingers, intentOf } from '../../src/input/two-finger-gesture.js';
import { createDoubleTap } from '../../src/input/double-tap.js';
/** @import { Vec2 } from '../../src/types.js' */

/** @type {Vec2[]} */
const start = [[100, 100], [200, 100]];
/** @type {(a: Vec2, b: Vec2) => Vec2[]} */
const moved = ([dx, dy], [ex, ey]) => [[100 + dx, 100 + dy], [200 + ex, 100 + ey]];

describe('two fingers', () => {
  it.each([
    ['nothing yet', moved([3, 3], [3, 3]), null],
    ['scroll', moved([2, 30], [1, 32]), 'scroll'],
    ['pan', moved([30, 5], [32, 4]), 'pan'],
    ['pinch', moved([-20, 0], [20, 2]), 'pinch'],
  ])('mean: %s', (name, /** @type {any} */ now, intent) => {
    expect(intentOf(start, now)).toBe(intent);
  });

  it('scroll slices by their way, and go on scrolling when they come apart', () => {
    const on = { scroll: vi.fn(), pan: vi.fn(), zoom: vi.fn() };
    const fingers = createTwoFingers(start, on);
    fingers.move(moved([0, 24], [0, 24]));
    fingers.move(moved([-30, 48], [30, 48]));
    expect(on.scroll.mock.calls).toEqual([[2], [2]]);
    expect(on.zoom).not.toHaveBeenCalled();
  });

  it('pinch by the ratio of their distances', () => {
    const on = { scroll: vi.fn(), pan: vi.fn(), zoom: vi.fn() };
    createTwoFingers(start, on).move(moved([-50, 0], [50, 0]));
    expect(on.zoom.mock.calls).toEqual([[[150, 100], 2]]);
  });
});

describe('a double tap', () => {
  /** @returns {any} */
  const event = (timeStamp, clientX = 5, pointerType = 'touch') => ({ timeStamp, clientX, clientY: 5, pointerType });
  const tap = (taps, ...args) => {
    taps.pointerdown(event(...args));
    taps.pointerup(event(...args));
  };

  it('acts once, also where the browser tells of it as a double click too', () => {
    const act = vi.fn();
    const taps = createDoubleTap(act);
    tap(taps, 1000);
    tap(taps, 1200);
    taps.dblclick();
    expect(act).toHaveBeenCalledTimes(1);
    taps.pointerdown(event(5000, 5, 'mouse'));
    taps.dblclick();
    expect(act).toHaveBeenCalledTimes(2);
  });

  const pairs = [['slow', [1000], [1500]], ['apart', [1000, 5], [1100, 90]]];
  it.each(pairs)('is not two taps that are %s', (name, first, second) => {
    const act = vi.fn();
    const taps = createDoubleTap(act);
    tap(taps, ...first);
    tap(taps, ...second);
    expect(act).not.toHaveBeenCalled();
  });
});
