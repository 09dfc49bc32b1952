/** Which vertebrae a spine is straightened along, and where their middles are. All functions are pure. */
/** @import { LabelStatistics, Vec3 } from '../types.js' */

const FEWEST = 3; // show how a spine bends
const COCCYX = 27; // turns away from the spine
const T13 = 28; // between T12, 19, and L1, 20

/** @param {number} label */
const isOnCurve = (label) => label !== COCCYX;

/** Whether a spine can be straightened along vertebrae. @param {number[]} labels */
export const canStraighten = (labels) => labels.filter(isOnCurve).length >= FEWEST;

/**
 * The mask along whose vertebrae a spine is straightened: the first that names enough of them, if possible one shown.
 *
 * @param {{names?: Record<string, Record<string, string>>, shown?: string[]}} chosen names by mask and label; ids shown
 * @returns {string | undefined} its id
 */
export function spineOf({ names = {}, shown = [] }) {
  const ids = Object.keys(names).filter((id) => canStraighten(Object.keys(names[id]).map(Number)));
  return ids.find((id) => shown.includes(id)) ?? ids[0];
}

/**
 * The vertebrae's middles from the lowest to the highest.
 *
 * @param {Record<string, LabelStatistics>} statistics of a mask's labels, which are vertebrae
 * @returns {Vec3[]} RAS+ mm; empty where there are too few
 */
export function centresOf(statistics) {
  const height = (/** @type {number} */ label) => (label === T13 ? 19.5 : label);
  const labels = Object.keys(statistics).map(Number);
  if (!canStraighten(labels)) return [];
  const centres = labels
    .filter(isOnCurve)
    .sort((a, b) => height(b) - height(a))
    .map((label) => /** @type {Vec3} */ (statistics[label].centre_mm.slice(0, 3)));
  // Head and feet are the patient's, whatever wrong names say.
  return centres[0][2] > centres[centres.length - 1][2] ? centres.reverse() : centres;
}
