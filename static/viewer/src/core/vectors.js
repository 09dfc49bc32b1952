/** Vectors of three numbers. */
/** @import { Numbers, Vec3 } from '../types.js' */

/** The three axes: i, j, k of a grid, or R, A, S of the patient. @type {Vec3} */
export const AXES = [0, 1, 2];

/** @param {Numbers} a @param {Numbers} b @returns {Vec3} */
export const cross = ([a, b, c], [x, y, z]) => [b * z - c * y, c * x - a * z, a * y - b * x];

/** @param {Numbers} a @param {Numbers} b */
export const dot = (a, b) => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];

/** The middle between two places. @param {Numbers} a @param {Numbers} b */
export const midpoint = (a, b) => AXES.map((n) => (a[n] + b[n]) / 2);

/** `value` kept between `low` and `high`. @param {number} value @param {number} low @param {number} high */
export const clamp = (value, low, high) => Math.min(high, Math.max(low, value));

/** @param {Numbers} a @param {Numbers} b */
export const minus = (a, b) => AXES.map((n) => a[n] - b[n]);
