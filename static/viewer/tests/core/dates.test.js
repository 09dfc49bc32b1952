// @vitest-environment happy-dom
import { expect, it } from 'vitest';
import { dateText } from '../../src/core/dates.js';

it.each([
  ['en', /27 Nov 2026/],
  ['zh', /2026年11月27日/],
])('a date is written in the habit of the page: %s', (lang, words) => {
  document.documentElement.lang = lang;
  expect(dateText('2026-11-27T12:00:00Z')).toMatch(words);
});
