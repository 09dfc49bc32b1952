/** Where a tool is, seen from a planned screw. All functions are pure; places are RAS+ mm. */
/** @import { Numbers, Vec3 } from '../types.js' */

/**
 * A planned screw, as the server describes it.
 *
 * @typedef {object} Screw
 * @property {string} name
 * @property {number} label
 * @property {string} level
 * @property {'right' | 'left'} side of the patient
 * @property {Vec3} entry_ras_mm
 * @property {Vec3} tip_ras_mm
 * @property {number} diameter_mm
 * @property {number} length_mm
 * @property {string} grade
 * @property {number} breach_mm
 * @property {string} direction of the breach
 * @property {number} least_clearance_mm
 * @property {number | null} hu_mean
 * @property {number[]} [position_mm] from the entry along the axis
 * @property {number[]} [clearance_mm] bone there between the screw and the outside
 */

/** @param {Numbers} a @param {Numbers} b @returns {Vec3} */
const minus = (a, b) => [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
/** @param {Numbers} a @param {Numbers} b */
const dot = (a, b) => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
/** `at` moved by `mm` along `way`. @param {Numbers} at @param {Numbers} way @param {number} mm @returns {Vec3} */
export const along = (at, way, mm) => [at[0] + mm * way[0], at[1] + mm * way[1], at[2] + mm * way[2]];

/** Unit vector from the entry to the tip. @param {Pick<Screw, 'entry_ras_mm' | 'tip_ras_mm'>} screw @returns {Vec3} */
export function directionOf({ entry_ras_mm: entry, tip_ras_mm: tip }) {
  const way = minus(tip, entry);
  const length = Math.hypot(...way) || 1;
  return [way[0] / length, way[1] / length, way[2] / length];
}

/**
 * Distance and angle of a tool to a planned screw.
 *
 * @param {Numbers} tip of the tool
 * @param {Numbers} axis of the tool, a unit vector from its handle to its tip
 * @param {Pick<Screw, 'entry_ras_mm' | 'tip_ras_mm'>} screw
 * @returns {{offAxis: number, depth: number, left: number, angle: number}} mm from the tool's tip to the planned axis;
 *   mm that it has gone from the entry along it, and mm that are left to the planned tip; degrees between the axes
 */
export function guidance(tip, axis, screw) {
  const way = directionOf(screw);
  const from = minus(tip, screw.entry_ras_mm);
  const depth = dot(from, way);
  const offAxis = Math.hypot(...minus(from, along([0, 0, 0], way, depth)));
  const angle = (Math.acos(Math.min(1, Math.max(-1, dot(axis, way)))) * 180) / Math.PI;
  return { offAxis, depth, left: Math.hypot(...minus(screw.tip_ras_mm, screw.entry_ras_mm)) - depth, angle };
}

/**
 * The screw that a tool is meant for: the one whose axis it lies along best, a degree counting as a millimetre.
 *
 * @template {Pick<Screw, 'entry_ras_mm' | 'tip_ras_mm'>} Some
 * @param {Numbers} tip
 * @param {Numbers} axis
 * @param {Some[]} screws
 * @returns {Some | null}
 */
export function nearestScrew(tip, axis, screws) {
  const cost = (/** @type {Some} */ screw) => {
    const { offAxis, angle, depth, left } = guidance(tip, axis, screw);
    return offAxis + angle + Math.max(0, -depth, -left) / 4;
  };
  const sorted = screws.map((screw) => ({ screw, mm: cost(screw) })).sort((a, b) => a.mm - b.mm);
  return sorted[0]?.screw ?? null;
}

/** Colour of a residual: blue inside, grey on the surface, red outside; full from 2 mm on. @param {number} mm */
export function residualColour(mm) {
  const share = Math.min(1, Math.abs(mm) / 2);
  const [far, near] = [mm < 0 ? [70, 130, 255] : [255, 70, 60], [225, 225, 225]];
  return `rgb(${near.map((part, n) => Math.round(part + share * (far[n] - part))).join(' ')})`;
}
