/** The tools of a correction: their pictures, and which masks and keys they are for. */
/** @import { Tool } from '../../../edit/editor.js' */

/**
 * Each tool's picture (an SVG path in 24 x 24), and whether it needs more than one label.
 *
 * @type {Record<Exclude<Tool, ''> | 'look', {path: string, many?: boolean}>}
 */
export const TOOLS = {
  brush: { path: 'M4 20c3 0 5-1 5-4a3 3 0 0 1 3-3l8-9-9 8a3 3 0 0 1-3 3c-3 0-4 2-4 5zM12 13l-1-1' },
  eraser: { path: 'M8 20h12M4 15l9-9 6 6-8 8H8zM9 10l6 6' },
  boundary: { path: 'M12 3c-3 4 3 6 0 9s3 5 0 9M8 12H3m0 0 2-2m-2 2 2 2M16 12h5m0 0-2-2m2 2-2 2', many: true },
  island: { path: 'M9 13a5 5 0 1 1-4-5 5 5 0 0 1 4 5zM15 6l5 5M20 6l-5 5' },
  seeds: { path: 'M8 7a2 2 0 1 0 .1 0zM16 15a2 2 0 1 0 .1 0zM4 19 20 5', many: true },
  plane: { path: 'M3 17 21 7M6 5h6M12 19h6', many: true },
  look: { path: 'M12 3v18M3 12h18M12 3l-2 2m2-2 2 2M12 21l-2-2m2 2 2-2M3 12l2-2m-2 2 2 2M21 12l-2-2m2 2-2 2' },
};

/** Keys while a mask is edited, letters in lower case: what they do. @type {Record<string, string>} */
export const EDIT_KEYS = {
  b: 'brush',
  e: 'eraser',
  v: 'look',
  d: 'ball',
  f: 'fill',
  ',': 'smaller',
  '.': 'larger',
  Escape: 'look',
};

/** What a key means with Ctrl or Cmd; '' for others. @param {{key: string, shiftKey: boolean}} event */
export function historyKey({ key, shiftKey }) {
  const letter = key.toLowerCase();
  if (letter === 'z') return shiftKey ? 'redo' : 'undo';
  return letter === 'y' ? 'redo' : '';
}
