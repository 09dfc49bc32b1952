import { expect, it, vi } from 'vitest';
import { paced, picturesTime } from '../../src/navigation/pacing.js';

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

it('waits for what is drawn later, and rests for the time that it took', async () => {
  vi.useFakeTimers();
  let time = 0;
  const done = /** @type {number[]} */ ([]);
  const slow = paced((/** @type {number} */ n) => {
    done.push(n);
    return Promise.resolve(50);
  }, 0.25, () => time);
  slow.call(1);
  slow.call(2);
  await vi.advanceTimersByTimeAsync(0);
  expect(done).toEqual([1]);
  time = 150;
  await vi.advanceTimersByTimeAsync(150);
  expect(done).toEqual([1, 2]);
  vi.useRealTimers();
});

it('counts of the pictures what goes beyond a frame', async () => {
  const frames = [1000, 1120];
  const slow = picturesTime((act) => act(/** @type {number} */ (frames.shift())));
  expect(await slow).toBeCloseTo(120 - 1.25 * (1000 / 60));
  const idle = [1000, 1016.7];
  expect(await picturesTime((act) => act(/** @type {number} */ (idle.shift())))).toBe(0);
});
