/**
 * Several masks as one 8-bit label volume with one colour table, because a ray reads labels from one texture (pure).
 */
/** @import { Colours } from '../types.js' */

const MOST = 255; // labels that 8 bits tell apart, apart from 0 for none

/**
 * A number for each label seen of each mask, and its colour. `numbers[n]` maps the labels of mask n to numbers of their
 * own, and what is not seen to 0; `colours` maps the numbers, which start at 1, to [r, g, b].
 *
 * @param {{colours: Colours}[]} masks with the labels seen of each
 * @throws {RangeError} where there are more than 255 labels
 */
export function labelNumbers(masks) {
  /** @type {Colours} */
  const colours = {};
  let last = 0;
  const numbers = masks.map((mask) => {
    const table = new Uint8Array(MOST + 1);
    Object.entries(mask.colours).forEach(([label, rgb]) => {
      last += 1;
      if (last > MOST)
        throw new RangeError(`The masks shown have more than ${MOST} labels; hide some of them to colour the CT.`);
      table[Number(label)] = last;
      colours[last] = rgb;
    });
    return table;
  });
  return { numbers, colours };
}

/**
 * One volume of the numbers above. Where masks overlap the later one is seen.
 *
 * @param {Uint8Array[]} volumes labels, a volume a mask, all on one grid
 * @param {Uint8Array[]} numbers see labelNumbers
 */
export function mergeLabels(volumes, numbers) {
  const merged = new Uint8Array(volumes[0].length);
  volumes.forEach((labels, n) => {
    const table = numbers[n];
    for (let at = 0; at < labels.length; at += 1) {
      const number = table[labels[at]];
      if (number) merged[at] = number;
    }
  });
  return merged;
}
