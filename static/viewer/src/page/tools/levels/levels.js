/** The levels of a spine by their VerSe numbers; without sacrum and coccyx, which keep their names. */

/** @type {(letter: string, count: number, first: number) => [number, string][]} */
const row = (letter, count, first) => Array.from({ length: count }, (_, n) => [first + n, `${letter}${n + 1}`]);

/** Name by number. @type {Record<number, string>} */
export const LEVELS = Object.fromEntries([...row('C', 7, 1), ...row('T', 12, 8), ...row('L', 6, 20), [28, 'T13']]);
