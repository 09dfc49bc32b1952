import { describe, expect, it } from 'vitest';
import { drawnValue } from '../../../src/measure/drawn/formulas.js';

const LEVEL = [[0, 0, 0], [10, 10, 0]];
const DOWN = [[0, 0, 0], [10, 10, -10]]; // its right and its front end are lower

describe('the value of moved lines', () => {
  it.each(/** @type {any[]} */ ([
    ['distance', [[[0, 0, 0], [3, 0, 4]]], 5],
    ['cobb', [LEVEL, DOWN], 45],
    ['cobb', [DOWN, LEVEL], 45],
    ['cobb', [LEVEL, [DOWN[1], DOWN[0]]], 45], // a line has no direction
    ['lordosis', [LEVEL, DOWN], 45],
    ['kyphosis', [LEVEL, DOWN], -45],
    ['slope', [DOWN], 45],
    ['', [DOWN], null],
  ]))('%s', (formula, lines, value) => {
    if (value === null) expect(drawnValue(formula, lines)).toBeNull();
    else expect(drawnValue(formula, lines)).toBeCloseTo(value, 6);
  });
});
