/** Values of measures from their lines, as the server computes them (segmentation/morphometry/drawings.py). */
import { minus } from '../../core/vectors.js';
/** @import { DrawnFormula, DrawnLine } from '../../types.js' */

/**
 * Tilt of a line in a plane, degrees: positive where its right or front end is lower.
 *
 * @param {DrawnLine} line
 * @param {0 | 1} across
 */
function tilt([from, to], across) {
  let step = minus(to, from);
  if (step[across] < 0) step = minus(from, to);
  return (Math.atan2(-step[2], step[across]) * 180) / Math.PI;
}

/**
 * mm of a distance, degrees of an angle; null where there is no formula.
 *
 * @param {DrawnFormula} formula
 * @param {DrawnLine[]} lines
 */
export function drawnValue(formula, lines) {
  if (!formula) return null;
  if (formula === 'distance') return Math.hypot(...minus(lines[0][1], lines[0][0]));
  const tilts = lines.map((line) => tilt(line, formula === 'cobb' ? 0 : 1));
  if (formula === 'slope') return tilts[0];
  const turn = ((((tilts[1] - tilts[0] + 90) % 180) + 180) % 180) - 90; // a line has no direction
  if (formula === 'cobb') return Math.abs(turn);
  return formula === 'kyphosis' ? -turn : turn;
}
