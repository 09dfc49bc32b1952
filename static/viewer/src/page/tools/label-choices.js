/** What a user chose of a mask's labels: which are hidden, in which colour and how opaque. All functions are pure. */

/** @typedef {{number: number, name: string, volume: string, hu: string}} Label */
/** Of bone in 3D: warm, as a cleaned spine. */
export const IVORY = [243, 219, 168];

/** @typedef {{sure: boolean, reason: string, others: string[]}} Sequence */
/**
 * @typedef {{id: string, kind: string, map: string, base: string, title: string, labels: Label[],
 *   sequence?: ?Sequence}} Mask
 */

/**
 * `hidden` with label `number` hidden, or seen again.
 *
 * @param {number[]} hidden
 * @param {number} number
 */
export const toggled = (hidden, number) =>
  hidden.includes(number) ? hidden.filter((other) => other !== number) : [...hidden, number];

/**
 * Whether no other label of the mask is seen.
 *
 * @param {Mask} mask
 * @param {number[]} hidden
 * @param {number} number
 */
export const isAlone = (mask, hidden, number) =>
  mask.labels.length > 1 && !hidden.includes(number) && hidden.length === mask.labels.length - 1;

/**
 * The labels to hide so that `number` is seen alone; none if it is already.
 *
 * @param {Mask} mask
 * @param {number[]} hidden
 * @param {number} number
 */
export function isolated(mask, hidden, number) {
  if (isAlone(mask, hidden, number)) return [];
  return mask.labels.map((label) => label.number).filter((other) => other !== number);
}

/**
 * Colours of surfaces by mask and label: those that somebody chose, and bone where nobody did. A reference keeps its.
 *
 * @param {Pick<Mask, 'id' | 'kind'>[]} masks
 * @param {Record<string, Record<string, number[]>>} colours by mask and label, 0 to 255
 * @param {Record<string, Record<string, number[]>>} defaults that nobody chose
 */
export const boneColours = (masks, colours, defaults) =>
  Object.fromEntries(
    masks.map(({ id, kind }) => {
      const own = Object.entries(colours[id] ?? {}).map(([label, rgb]) => {
        const isChosen = String(rgb) !== String(defaults[id]?.[label]);
        return [label, isChosen || kind === 'reference' ? rgb : IVORY];
      });
      return [id, Object.fromEntries(own)];
    }),
  );

/**
 * [r, g, b] in 0..255 as "#rrggbb".
 *
 * @param {number[]} rgb
 */
export const hexOf = (rgb) => `#${rgb.map((part) => part.toString(16).padStart(2, '0')).join('')}`;

/**
 * "#rrggbb" as [r, g, b] in 0..255.
 *
 * @param {string} hex
 */
export const rgbOf = (hex) => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
