/** A scale bar of a round length. */

const BARS_MM = [1, 2, 5, 10, 20, 50, 100, 200];

/**
 * The longest round length that is at most `most` px wide.
 *
 * @param {number} mmPerPx
 * @param {number} most px
 * @returns {[number, number]} mm and px
 */
export function scaleBar(mmPerPx, most = 90) {
  const mm = BARS_MM.findLast((length) => length / mmPerPx <= most) ?? BARS_MM[0];
  return [mm, mm / mmPerPx];
}

/** The words at a scale bar. @param {number} mm */
export const scaleText = (mm) => (mm >= 10 ? `${mm / 10} cm` : `${mm} mm`);
