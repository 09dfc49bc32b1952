/** The state of the view as the part of an address after "#": short, readable, and checked when it is read. */
import { PLANE_NAMES } from '../core/geometry.js';
import { LAYOUTS, MASKS_LAYOUT, STRAIGHT_LAYOUT } from '../page/layouts.js';
import { VOLUME_PRESET_NAMES } from '../volume/presets-3d.js';

/** How masks are drawn on slices, and in 3D; what the slices of a thick one make together. */
export const MASK_STYLES = ['both', 'outline', 'filled'];
export const MASK_STYLES_3D = ['bone', 'surface', 'colour'];
export const SLAB_MODES = ['max', 'mean'];

/** @typedef {[write: (value: any) => string, read: (text: string | undefined) => unknown]} Field */

/** @param {string | undefined} text @param {number} count */
const numbers = (text, count) => {
  const values = (text ?? '').split(',').map(Number);
  return text && values.length === count && values.every(Number.isFinite) ? values : undefined;
};
/** @param {string[]} names @returns {Field[1]} */
const oneOf = (names) => (text) => (text !== undefined && names.includes(text) ? text : undefined);
/** @param {string | undefined} text @param {number} low @param {number} high */
const numberIn = (text, low, high) => {
  const [value] = numbers(text, 1) ?? [];
  return value !== undefined && value >= low && value <= high ? value : undefined;
};
/** Items of a list between commas, if each is as `form` says. @param {string | undefined} text @param {RegExp} form */
const listed = (text, form) => {
  const items = (text ?? '').split(',');
  return items.every((item) => form.test(item)) ? items : undefined;
};
/**
 * What is chosen of labels: by kind of mask, and label, a text without dots.
 *
 * @typedef {Record<string, Record<string, string>>} ByLabel
 * @param {RegExp} form of "kind.label.value"
 * @returns {Field}
 */
const byLabel = (form) => [
  (/** @type {ByLabel} */ chosen) =>
    Object.entries(chosen)
      .flatMap(([kind, labels]) => Object.entries(labels).map(([label, value]) => `${kind}.${label}.${value}`))
      .join(','),
  (text) => {
    const items = listed(text, form);
    if (!items) return undefined;
    /** @type {ByLabel} */
    const found = {};
    items.forEach((item) => {
      const [kind, label, value] = item.split('.');
      found[kind] = { ...found[kind], [label]: value };
    });
    return found;
  },
];
const NONE = 'none';
/** @param {number[]} values */
const rounded = (values) => values.map((value) => Math.round(value * 100) / 100).join(',');

/** @param {string | undefined} text @returns {[number, string] | undefined} */
function readSlab(text) {
  const [mm, mode] = (text ?? '').split(',');
  const thickness = numberIn(mm, 0, 100);
  return thickness !== undefined && SLAB_MODES.includes(mode) ? [thickness, mode] : undefined;
}

/**
 * Name in the address: how it is written and read again; undefined where it makes no sense.
 *
 * @type {Record<string, Field>}
 */
const FIELDS = {
  at: [rounded, (text) => numbers(text, 3)], // RAS+ mm
  level: [rounded, (text) => numbers(text, 2)], // level and width, HU
  layout: [String, oneOf([...LAYOUTS, MASKS_LAYOUT, STRAIGHT_LAYOUT])],
  plane: [String, oneOf(PLANE_NAMES)],
  big: [String, oneOf([...PLANE_NAMES, 'volume'])],
  camera: [rounded, (text) => numbers(text, 9)], // position, focal point, up
  axial: [rounded, (text) => numbers(text, 3)], // centre of the picture in mm along its axes, mm a pixel
  coronal: [rounded, (text) => numbers(text, 3)],
  sagittal: [rounded, (text) => numbers(text, 3)],
  shown: [(kinds) => kinds.join(',') || NONE, (text) => (text === NONE ? [] : listed(text, /^[a-z_]+$/))],
  style: [String, oneOf(MASK_STYLES)],
  opacity: [String, (text) => numberIn(text, 0, 100)], // of masks on slices, per cent
  hidden: byLabel(/^[a-z_]+\.\d{1,3}\.0$/), // labels that are not seen
  fade: byLabel(/^[a-z_]+\.\d{1,3}\.\d{1,3}$/), // per cent
  colours: byLabel(/^[a-z_]+\.\d{1,3}\.[0-9a-f]{6}$/),
  slab: [([mm, mode]) => `${mm},${mode}`, readSlab],
  preset: [String, oneOf(VOLUME_PRESET_NAMES)],
  style3d: [String, oneOf(MASK_STYLES_3D)],
  clip: [rounded, (text) => numbers(text, 6)], // from and to, as parts of the scan's length along R, A and S
  cross: [String, oneOf(['off'])],
  names: [String, oneOf(['off'])],
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
