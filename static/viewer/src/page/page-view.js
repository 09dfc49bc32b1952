/** The page's part of what a link brings back: read of the page's state, and written to it. All functions are pure. */
import { WHOLE } from '../volume/clip-box.js';
import { hexOf, rgbOf } from './tools/label-choices.js';

/** @typedef {Record<string, Record<string, number[]>>} Colours by id of the mask, and label */

/**
 * What of the page's state a link needs; see docs/viewer.md.
 *
 * @typedef {object} PageState
 * @property {{id: string, kind: string, labels: {number: number}[]}[]} masks
 * @property {string[]} shown ids
 * @property {Record<string, number[]>} hidden by id
 * @property {Record<string, Record<string, number>>} label_opacity by id and label
 * @property {Colours} colours by id and label
 * @property {string} layout
 * @property {string} plane
 * @property {number[]} level
 * @property {string} mask_style
 * @property {number} opacity
 * @property {number} slab_mm
 * @property {string} slab_mode
 * @property {string} volume_preset
 * @property {string} mask_style_3d
 * @property {number[][]} clip
 * @property {boolean} crosshair_shown
 * @property {boolean} names_shown
 */

/**
 * `byId` with kinds of masks in the place of their ids, and what `convert` makes of each; empty ones are left out.
 *
 * @template Value, Converted
 * @param {PageState['masks']} masks
 * @param {Record<string, Value>} byId
 * @param {(value: Value) => Record<string, Converted>} convert
 */
function byKind(masks, byId, convert) {
  const known = masks.filter(({ id }) => byId[id]).map(({ id, kind }) => [kind, convert(byId[id])]);
  const filled = known.filter(([, value]) => Object.keys(value).length);
  return filled.length ? Object.fromEntries(filled) : undefined;
}

/**
 * The other way: `found` by kind, by the ids of the masks that there are; `rest` stays for masks it does not name.
 *
 * @template Value, Converted
 * @param {PageState['masks']} masks
 * @param {Record<string, Record<string, Value>> | undefined} found
 * @param {(value: Record<string, Value>, id: string) => Converted} convert
 * @param {Record<string, Converted>} rest
 */
function byMask(masks, found, convert, rest) {
  if (!found) return rest;
  const named = masks.filter(({ kind }) => found[kind]);
  return { ...rest, ...Object.fromEntries(named.map(({ id, kind }) => [id, convert(found[kind], id)])) };
}

/** @param {Record<string, any>} object @param {(value: any) => any} change */
const mapped = (object, change) =>
  Object.fromEntries(Object.entries(object).map(([key, value]) => [key, change(value)]));

/**
 * What view-state.js writes of the page's state.
 *
 * @param {PageState} state
 * @param {Colours} defaults colours that no one chose
 */
export function viewOf(state, defaults) {
  const { masks } = state;
  const chosen = mapped(state.colours, (colours) => ({ ...colours }));
  Object.entries(chosen).forEach(([id, colours]) =>
    Object.entries(defaults[id] ?? {}).forEach(([label, rgb]) => {
      if (colours[label] && hexOf(colours[label]) === hexOf(rgb)) delete colours[label];
    }),
  );
  const isWhole = JSON.stringify(state.clip) === JSON.stringify(WHOLE);
  return {
    layout: state.layout,
    plane: state.plane,
    shown: masks.length ? masks.filter(({ id }) => state.shown.includes(id)).map(({ kind }) => kind) : undefined,
    style: state.mask_style,
    opacity: state.opacity,
    hidden: byKind(masks, state.hidden, (labels) => Object.fromEntries(labels.map((label) => [label, '0']))),
    fade: byKind(masks, state.label_opacity, (labels) => mapped(labels, String)),
    colours: byKind(masks, chosen, (colours) => mapped(colours, (rgb) => hexOf(rgb).slice(1))),
    slab: state.slab_mm ? [state.slab_mm, state.slab_mode] : undefined,
    preset: state.volume_preset,
    style3d: state.mask_style_3d,
    clip: isWhole ? undefined : state.clip.flat(),
    cross: state.crosshair_shown ? undefined : 'off',
    names: state.names_shown ? undefined : 'off',
  };
}

/** What a whole view leaves out where nothing was chosen. @param {Colours} defaults */
const unchosen = (defaults) => ({
  hidden: {},
  label_opacity: {},
  colours: defaults,
  slab_mm: 0,
  clip: WHOLE,
  crosshair_shown: true,
  names_shown: true,
});

/** @type {[string, keyof PageState][]} */
const ALIKE = [
  ['layout', 'layout'],
  ['plane', 'plane'],
  ['level', 'level'],
  ['style', 'mask_style'],
  ['opacity', 'opacity'],
  ['preset', 'volume_preset'],
  ['style3d', 'mask_style_3d'],
];

/**
 * The page's state as a view wants it.
 *
 * @param {Record<string, any>} view as view-state.js read it; one that an older version wrote names no style of masks,
 *   and changes only what it names
 * @param {PageState} state
 * @param {Colours} defaults colours that no one chose
 */
export function stateOf(view, state, defaults) {
  const { masks } = state;
  const base = view.style ? { ...state, ...unchosen(defaults) } : state;
  const [slab_mm, slab_mode] = view.slab ?? [base.slab_mm, base.slab_mode];
  const { clip, shown, colours } = view;
  const own = (/** @type {Record<string, string>} */ labels) => mapped(labels, (hex) => rgbOf(`#${hex}`));
  return {
    ...Object.fromEntries(ALIKE.map(([name, key]) => [key, view[name] ?? base[key]])),
    shown: shown ? masks.filter(({ kind }) => shown.includes(kind)).map(({ id }) => id) : base.shown,
    hidden: byMask(masks, view.hidden, (labels) => Object.keys(labels).map(Number), base.hidden),
    label_opacity: byMask(masks, view.fade, (labels) => mapped(labels, Number), base.label_opacity),
    colours: byMask(masks, colours, (labels, id) => ({ ...base.colours[id], ...own(labels) }), base.colours),
    slab_mm,
    slab_mode,
    clip: clip ? [clip.slice(0, 2), clip.slice(2, 4), clip.slice(4)] : base.clip,
    crosshair_shown: view.cross === 'off' ? false : base.crosshair_shown,
    names_shown: view.names === 'off' ? false : base.names_shown,
  };
}
