/** The windows that can be chosen by name, and the next one of them. */

/** Level and width in HU, in the order in which a key goes through them. */
export const WINDOW_PRESETS = {
  bone: [500, 2000],
  soft: [40, 400],
  lung: [-600, 1500],
  metal: [1500, 4000],
};

/** @typedef {[number, number]} HuWindow level and width in HU */

/**
 * Whether two windows are the same.
 *
 * @param {number[]} a
 * @param {number[]} b
 */
export const isWindow = (a, b) => a[0] === b[0] && a[1] === b[1];

/**
 * The preset after the one chosen; after any other window the first.
 *
 * @param {number[]} level
 */
export function nextWindow(level) {
  const presets = Object.values(WINDOW_PRESETS);
  return [...presets[(presets.findIndex((preset) => isWindow(preset, level)) + 1) % presets.length]];
}
