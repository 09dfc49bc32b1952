import { describe, expect, it, vi } from 'vitest';
import { debounced, throttled } from '../../src/core/timing.js';

describe('throttled', () => {
  it('calls seldom, and with the last arguments always', () => {
    vi.useFakeTimers();
    const fn = vi.fn();
    const call = throttled(fn, 400);
    [1, 2, 3].forEach((n) => call(n));
    vi.advanceTimersByTime(400);
    expect(fn.mock.calls).toEqual([[3]]);
    vi.useRealTimers();
  });
});

describe('debounced', () => {
  it('calls once nobody asks any more, and not at all when it was cancelled', () => {
    vi.useFakeTimers();
    const done = vi.fn();
    const ask = debounced(done, 100);
    ask();
    vi.advanceTimersByTime(90);
    ask();
    vi.advanceTimersByTime(90);
    expect(done).not.toHaveBeenCalled();
    vi.advanceTimersByTime(10);
    expect(done).toHaveBeenCalledTimes(1);
    ask();
    ask.cancel();
    vi.advanceTimersByTime(1000);
    expect(done).toHaveBeenCalledTimes(1);
    vi.useRealTimers();
  });
});
