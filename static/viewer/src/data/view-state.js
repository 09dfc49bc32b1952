/** The state of the view as the part of an address after "#": short, readable, and checked when it is read. */
import { PLANE_NAMES } from '../core/geometry.js';
import { LAYOUTS, MASKS_LAYOUT } from '../page/layouts.js';

/** @typedef {[write: (value: any) => string, read: (text: string | undefined) => unknown]} Field */

/** @param {string | undefined} text @param {number} count */
const numbers = (text, count) => {
  const values = (text ?? '').split(',').map(Number);
  return text && values.length === count && values.every(Number.isFinite) ? values : undefined;
};
/** @param {string[]} names @returns {Field[1]} */
const oneOf = (names) => (text) => (text !== undefined && names.includes(text) ? text : undefined);
/** @param {number[]} values */
const rounded = (values) => values.map((value) => Math.round(value * 100) / 100).join(',');

/**
 * Name in the address: how it is written and read again; undefined where it makes no sense.
 *
 * @type {Record<string, Field>}
 */
const FIELDS = {
  at: [rounded, (text) => numbers(text, 3)], // RAS+ mm
  level: [rounded, (text) => numbers(text, 2)], // level and width, HU
  layout: [String, oneOf([...LAYOUTS, MASKS_LAYOUT])],
  plane: [String, oneOf(PLANE_NAMES)],
  big: [String, oneOf([...PLANE_NAMES, 'volume'])],
  camera: [rounded, (text) => numbers(text, 9)], // position, focal point, up
  axial: [rounded, (text) => numbers(text, 3)], // centre of the picture in mm along its axes, mm a pixel
  coronal: [rounded, (text) => numbers(text, 3)],
  sagittal: [rounded, (text) => numbers(text, 3)],
};

/** Any of FIELDS as text; what is undefined or empty is left out. @param {Record<string, unknown>} view */
export function encodeView(view) {
  return Object.entries(FIELDS)
    .filter(([name]) => view[name] !== undefined && view[name] !== null && view[name] !== '')
    .map(([name, [write]]) => `${name}=${write(view[name])}`)
    .join('&');
}

/**
 * What `#…` says; an unknown name, or a value that makes no sense, is left out.
 *
 * @param {string} hash
 * @returns {Record<string, any>}
 */
export function decodeView(hash) {
  const given = new URLSearchParams(hash.replace(/^#/, ''));
  const found = Object.entries(FIELDS).map(([name, [, read]]) => [name, read(given.get(name) ?? undefined)]);
  return Object.fromEntries(found.filter(([, value]) => value !== undefined));
}
