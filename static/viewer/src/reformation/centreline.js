/**
 * A smooth curve through the vertebrae's middles, with two directions across it at each of its points (pure).
 *
 * The curve is a cubic spline by chord length through all middles, which bends evenly at its ends, and goes on straight
 * a little beyond them. Across it: the patient's front as far as it is at right angles to the curve, and the right of
 * that. So a spine bent to the side or to the front stays untwisted, as the patient is.
 */
import vtkCardinalSpline1D from '@kitware/vtk.js/Common/DataModel/CardinalSpline1D.js';
import { BoundaryCondition } from '@kitware/vtk.js/Common/DataModel/Spline1D/Constants.js';
import { AXES, cross, dot, minus } from '../core/vectors.js';
/** @import { Numbers, Vec3 } from '../types.js' */

/**
 * Points along the curve, the lowest first, with unit vectors across it: three numbers a point, RAS+ mm.
 *
 * @typedef {object} Centreline
 * @property {number} step mm between points
 * @property {number} count of points
 * @property {Float64Array} points
 * @property {Float64Array} right
 * @property {Float64Array} anterior
 */

const BEYOND_MM = 30; // that the curve goes on, straight
const PARTS = 32; // of the curve between two vertebrae, while its length is measured
const LEAST_ACROSS = 0.2; // of the patient's front, at right angles to the curve

/** @param {Vec3} v @returns {Vec3} */
function unit(v) {
  const length = Math.hypot(...v);
  return v.map((part) => part / length);
}

/**
 * A spline through places.
 *
 * @param {Numbers} at where on the curve each place lies, rising
 * @param {Vec3[]} places
 * @returns {(n: number, t: number) => Vec3} the point `t` after the n-th place
 */
function splineThrough(at, places) {
  const axes = AXES.map((axis) => {
    const spline = vtkCardinalSpline1D.newInstance();
    const values = places.map((place) => place[axis]);
    // The second derivative goes on as it is. (vtk.js's own choice takes the slope at an end for twice of what it is.)
    const ends = {
      leftConstraint: BoundaryCondition.SECOND_DERIVATIVE_INTERIOR_POINT,
      leftValue: 1,
      rightConstraint: BoundaryCondition.SECOND_DERIVATIVE_INTERIOR_POINT,
      rightValue: 1,
    };
    const work = new Float32Array(values.length);
    spline.computeOpenCoefficients(values.length, work, /** @type {any} */ (at), /** @type {any} */ (values), ends);
    return spline;
  });
  return (n, t) => axes.map((spline) => spline.getValue(n, t));
}

/**
 * Points that follow each other closely along the curve through `centres` and beyond it.
 *
 * @param {Vec3[]} centres
 */
function trace(centres) {
  const at = [0];
  for (let n = 1; n < centres.length; n += 1) at.push(at[n - 1] + Math.hypot(...minus(centres[n], centres[n - 1])));
  const point = splineThrough(at, centres);
  const dense = [];
  for (let n = 0; n + 1 < centres.length; n += 1)
    for (let part = 0; part < PARTS; part += 1) dense.push(point(n, ((at[n + 1] - at[n]) * part) / PARTS));
  dense.push(centres[centres.length - 1]);
  const beyond = (/** @type {Vec3} */ end, /** @type {Vec3} */ before) => {
    const out = unit(minus(end, before));
    return end.map((mm, axis) => mm + BEYOND_MM * out[axis]);
  };
  const last = dense.length - 1;
  return [beyond(dense[0], dense[1]), ...dense, beyond(dense[last], dense[last - 1])];
}

/**
 * The point of each `step` mm along a polygon.
 *
 * @param {Vec3[]} polygon
 * @param {number} step
 */
function evenly(polygon, step) {
  /** @type {Vec3[]} */
  const found = [];
  let rest = 0; // from the next corner's start to the next point
  for (let n = 0; n + 1 < polygon.length; n += 1) {
    const side = minus(polygon[n + 1], polygon[n]);
    const length = Math.hypot(...side);
    let along = rest;
    for (; along <= length; along += step) {
      const part = along / length;
      found.push(polygon[n].map((mm, axis) => mm + part * side[axis]));
    }
    rest = along - length;
  }
  return found;
}

/**
 * @param {Vec3[]} centres of three vertebrae or more, the lowest first, RAS+ mm
 * @param {number} step mm between points
 * @returns {Centreline}
 */
export function createCentreline(centres, step) {
  const found = evenly(trace(centres), step);
  const count = found.length;
  const [points, right, anterior] = [0, 1, 2].map(() => new Float64Array(3 * count));
  /** @type {Vec3} */
  let front = [0, 1, 0];
  found.forEach((place, n) => {
    const along = unit(minus(found[Math.min(n + 1, count - 1)], found[Math.max(n - 1, 0)]));
    /** @type {Vec3} */
    const patient = [0, 1, 0];
    // Where the curve runs to the front or to the back the front of the point before is kept.
    const wanted = Math.hypot(along[0], along[2]) > LEAST_ACROSS ? patient : front;
    front = unit(wanted.map((part, axis) => part - dot(wanted, along) * along[axis]));
    points.set(place, 3 * n);
    anterior.set(front, 3 * n);
    right.set(cross(front, along), 3 * n);
  });
  return { step, count, points, right, anterior };
}
