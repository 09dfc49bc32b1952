// @vitest-environment happy-dom
import { beforeEach, describe, expect, it } from 'vitest';
import { openPage } from './open-page.js';

describe('words and numbers', () => {
  let words;
  beforeEach(async () => {
    openPage('home.html', { words: { sent: '{sent} of {total}', plain: 'Open' } });
    words = await import('../../../js/words.js');
  });

  it('fill in placeholders and leave unknown ones', () => {
    expect(words.t('sent', { sent: 3 })).toBe('3 of {total}');
    expect(words.t('plain')).toBe('Open');
  });

  it('fall back where a key has no words', () => {
    expect(words.t('missing', {}, 'as it came')).toBe('as it came');
    expect(words.t('missing')).toBe('missing');
  });

  it.each([
    [0, '0 B'],
    [1023, '1023 B'],
    [1536, '1.5 kB'],
    [150 * 1024, '150 kB'],
    [3 * 1024 ** 3, '3.0 GB'],
  ])('%i bytes are %s', (count, text) => {
    expect(words.bytes(count)).toBe(text);
  });

  it.each([
    [0, '0:00'],
    [75, '1:15'],
    [-3, '0:00'],
    [3599.6, '60:00'],
  ])('%d seconds are %s', (seconds, text) => {
    expect(words.duration(seconds)).toBe(text);
  });

  it('round a spacing to hundredths', () => {
    expect(words.spacing([0.5, 0.48828125, 3])).toBe('0.5 × 0.49 × 3 mm');
  });
});
