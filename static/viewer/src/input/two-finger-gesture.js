/** What two fingers do, told from how they move first: scroll, pan, or pinch. */

const DECIDED_PX = 12;
const SLICE_PX = 12; // of two fingers' way that make one slice

const middleOf = ([a, b]) => [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2];
const distanceOf = ([a, b]) => Math.hypot(a[0] - b[0], a[1] - b[1]);

/** "scroll", "pan" or "pinch" for two fingers that went from `start` to `now`; null while it may be any. */
export function intentOf(start, now) {
  const [from, to] = [middleOf(start), middleOf(now)];
  const [dx, dy] = [to[0] - from[0], to[1] - from[1]];
  const spread = Math.abs(distanceOf(now) - distanceOf(start));
  if (Math.max(spread, Math.abs(dx), Math.abs(dy)) < DECIDED_PX) return null;
  if (spread > Math.hypot(dx, dy)) return 'pinch';
  return Math.abs(dy) > Math.abs(dx) ? 'scroll' : 'pan';
}

/** A gesture that starts with two fingers at `start`; `move(now)` tells `on.scroll`, `on.pan`, `on.zoom`. */
export function createTwoFingers(start, on) {
  let intent = null;
  let before = start;
  let rest = 0;

  const act = {
    scroll(from, to) {
      rest += to[1] - from[1];
      const whole = Math.trunc(rest / SLICE_PX);
      rest -= whole * SLICE_PX;
      if (whole) on.scroll(whole);
    },
    pan: (from, to) => on.pan(to[0] - from[0], to[1] - from[1]),
    pinch(from, to, now) {
      on.pan(to[0] - from[0], to[1] - from[1]);
      on.zoom(to, distanceOf(now) / Math.max(1, distanceOf(before)));
    },
  };

  return {
    move(now) {
      intent ??= intentOf(start, now);
      if (!intent) return;
      act[intent](middleOf(before), middleOf(now), now);
      before = now;
    },
  };
}
