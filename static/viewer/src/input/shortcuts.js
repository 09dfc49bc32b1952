/** All keys of the page and of its panels, what the help sheet says of them, and listening to those of the page. */

/**
 * Keys that work wherever the focus is, letters in lower case: [what they do, of which panel].
 *
 * @type {Record<string, string[]>}
 */
export const PAGE_KEYS = {
  1: ['enlarge', 'axial'],
  2: ['enlarge', 'coronal'],
  3: ['enlarge', 'sagittal'],
  4: ['enlarge', 'volume'],
  m: ['masks'],
  o: ['outline'],
  h: ['crosshair'],
  n: ['names'],
  5: ['windowed', 'bone'],
  6: ['windowed', 'soft'],
  7: ['windowed', 'lung'],
  8: ['windowed', 'metal'],
  w: ['window'],
  '?': ['help'],
};

/**
 * Keys of a slice that has the focus: voxels along the screen's axes, slices, factors.
 *
 * @type {{move: Record<string, ['u' | 'v', number]>, scroll: Record<string, number>, zoom: Record<string, number>,
 *   reset: string[], play: string[]}}
 */
export const SLICE_KEYS = {
  move: { ArrowLeft: ['u', -1], ArrowRight: ['u', 1], ArrowUp: ['v', 1], ArrowDown: ['v', -1] },
  scroll: { PageUp: 1, PageDown: -1, '[': -1, ']': 1 },
  zoom: { '+': 1.2, '=': 1.2, '-': 1 / 1.2 },
  reset: ['0', 'Home'],
  play: [' '],
};

/**
 * Keys of the 3D view that has the focus; A, P, L, R, S and I look from that side (see standard-views.js).
 *
 * @type {{turn: Record<string, ['azimuth' | 'elevation', number]>, zoom: Record<string, number>, reset: string[]}}
 */
export const VOLUME_KEYS = {
  turn: {
    ArrowLeft: ['azimuth', 8], // degrees
    ArrowRight: ['azimuth', -8],
    ArrowUp: ['elevation', -8],
    ArrowDown: ['elevation', 8],
  },
  zoom: { '+': 1.15, '=': 1.15, '-': 1 / 1.15 },
  reset: ['0', 'Home'],
};

const ARROWS = ['←', '↑', '↓', '→'];

/**
 * The help sheet by heading: [key of the text, keys as they stand on a keyboard].
 *
 * @type {Record<string, [text: string, keys?: string[]][]>}
 */
export const HELP = {
  help_slices: [
    ['help_move', ARROWS],
    ['help_scroll', ['PgUp', 'PgDn', '[', ']']],
    ['help_zoom', ['+', '−']],
    ['help_reset', ['0']],
    ['help_cine', ['Space']],
  ],
  help_3d: [
    ['help_turn', ARROWS],
    ['help_sides', ['A', 'P', 'L', 'R', 'S', 'I']],
    ['help_zoom', ['+', '−']],
    ['help_reset', ['0']],
  ],
  help_page: [
    ['help_big', ['1', '2', '3', '4']],
    ['help_mask', ['M']],
    ['help_outline', ['O']],
    ['help_crosshair', ['H']],
    ['help_names', ['N']],
    ['help_window', ['W']],
    ['help_windows', ['5', '6', '7', '8']],
    ['help_sheet', ['?']],
  ],
  help_edit: [
    ['help_edit_tools', ['B', 'E', 'V']],
    ['help_edit_ball', ['D']],
    ['help_edit_size', [',', '.']],
    ['help_edit_fill', ['F']],
    ['help_edit_undo', ['Ctrl Z', 'Ctrl Y']],
  ],
  help_mouse: [['help_mouse_left'], ['help_mouse_right'], ['help_mouse_wheel'], ['help_mouse_double']],
  help_touch: [['help_touch_one'], ['help_touch_two'], ['help_touch_hold'], ['help_touch_double']],
};

const WRITES = 'input:not([type="range"], [type="checkbox"], [type="color"]), textarea, select, [contenteditable]';

/** Whether a key pressed there is meant as text. @param {?EventTarget} target */
const isWriting = (target) => Boolean(/** @type {Partial<Element>} */ (target)?.closest?.(WRITES));

/**
 * @param {Record<string, () => void>} actions by `event.key`, letters in lower case
 * @param {() => boolean} away whether no key counts now, because something lies above the page
 * @returns a function that stops listening
 */
export function listenToKeys(actions, away = () => false) {
  function key(/** @type {KeyboardEvent} */ event) {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    if (isWriting(event.target) || away()) return;
    const action = actions[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (!action) return;
    action();
    event.preventDefault();
  }
  window.addEventListener('keydown', key);
  return () => window.removeEventListener('keydown', key);
}
