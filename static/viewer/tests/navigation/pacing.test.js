import { expect, it, vi } from 'vitest';
import { paced } from '../../src/navigation/pacing.js';

it('takes no more than its share, and makes up for the last call', () => {
  vi.useFakeTimers();
  let time = 0;
  const done = /** @type {number[]} */ ([]);
  const slow = paced((/** @type {number} */ n) => {
    done.push(n);
    time += 100;
  }, 0.25, () => time);
  slow.call(1); // from 0 to 100 ms; then 300 ms belong to others
  slow.call(2);
  slow.call(3);
  expect(done).toEqual([1]);
  time = 400;
  vi.advanceTimersByTime(300);
  expect(done).toEqual([1, 3]);
  slow.call(4);
  slow.stop();
  time = 9000;
  vi.advanceTimersByTime(9000);
  expect(done).toEqual([1, 3]);
  vi.useRealTimers();
});
