/** A 3D view that turns by itself until somebody touches it, and begins anew when they have left. */
/** @import { VolumePanel } from '../../volume/volume-panel.js' */

const DEGREES_A_SECOND = 18;
const SHORTEST_STEP_MS = 40; // turning slowly needs no more pictures, and a tablet's battery lasts
const LONGEST_STEP_S = 0.5; // where pictures are slow, so that the view does not leap
/** After the last touch: until it turns again, and until the next visitor finds it as it was. */
export const [RESUMES_AFTER_MS, BEGINS_ANEW_AFTER_MS] = [6000, 30_000];

/**
 * @param {Pick<VolumePanel, 'turn' | 'draw' | 'reset' | 'setMoving'>} panel
 * @param {{turns: boolean, anew: () => void}} options whether it turns at all; called where it begins anew
 * @returns {{touched: () => void, stop: () => void}} `touched` is to be called whenever somebody does something
 */
export function createTurning(panel, { turns, anew }) {
  let touchedAt = -Infinity;
  let isChanged = false; // by a visitor
  let isMoving = false;
  let before = performance.now();

  /** @param {boolean} next */
  function move(next) {
    if (next === isMoving) return;
    isMoving = next;
    panel.setMoving(next);
    panel.draw();
  }
  function step(/** @type {number} */ now) {
    frame = requestAnimationFrame(step);
    if (now - before < SHORTEST_STEP_MS) return;
    const seconds = Math.min(LONGEST_STEP_S, (now - before) / 1000);
    before = now;
    const rested = now - touchedAt;
    if (isChanged && rested > BEGINS_ANEW_AFTER_MS) {
      isChanged = false;
      panel.reset();
      anew();
    }
    if (turns && rested > RESUMES_AFTER_MS) {
      move(true);
      panel.turn(DEGREES_A_SECOND * seconds);
      panel.draw();
    }
  }
  let frame = requestAnimationFrame(step);
  return {
    touched() {
      touchedAt = performance.now();
      isChanged = true;
      move(false);
    },
    stop() {
      cancelAnimationFrame(frame);
      move(false);
    },
  };
}
