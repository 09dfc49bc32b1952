import { SIDES } from '../../src/volume/standard-views.js';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { HELP, PAGE_KEYS, SLICE_KEYS, VOLUME_KEYS, listenToKeys } from '../../src/input/shortcuts.js';

const press = (key, more = {}) =>
  window.dispatchEvent(Object.assign(new Event('keydown', { cancelable: true }), { key, ...more }));

describe('keys of the page', () => {
  const act = vi.fn();
  let stop;
  beforeEach(() => {
    vi.stubGlobal('window', new EventTarget());
    act.mockClear();
    stop = listenToKeys({ m: act, '?': act });
  });
  afterEach(() => vi.unstubAllGlobals());

  it('act, with or without the shift lock', () => {
    press('m');
    press('M');
    press('?');
    expect(act).toHaveBeenCalledTimes(3);
  });

  it('leave other keys, those of the browser, and those that someone has used already', () => {
    press('x');
    press('m', { ctrlKey: true });
    window.dispatchEvent = (event) => {
      event.preventDefault();
      return EventTarget.prototype.dispatchEvent.call(window, event);
    };
    press('m');
    expect(act).not.toHaveBeenCalled();
  });

  it('rest while something lies above the page', () => {
    stop();
    listenToKeys({ m: act }, () => true);
    press('m');
    expect(act).not.toHaveBeenCalled();
  });

  it('end when they shall', () => {
    stop();
    press('m');
    expect(act).not.toHaveBeenCalled();
  });
});

describe('the help sheet', () => {
  const ARROWS = { ArrowLeft: '←', ArrowRight: '→', ArrowUp: '↑', ArrowDown: '↓' };
  const WRITTEN = { ...ARROWS, PageUp: 'PgUp', PageDown: 'PgDn', '-': '−', ' ': 'Space' };
  const ALSO = ['Home', '=']; // a second key for the same
  const written = (keys) => {
    const names = keys.filter((key) => !ALSO.includes(key)).map((key) => WRITTEN[key] ?? key.toUpperCase());
    return [...new Set(names)].sort();
  };
  const shown = (title) => HELP[title].flatMap(([, keys]) => keys).sort();
  const keysOf = (groups) => Object.values(groups).flatMap((keys) => (Array.isArray(keys) ? keys : Object.keys(keys)));

  it('names the keys that there are, and no other', () => {
    expect(shown('help_page')).toEqual(written(Object.keys(PAGE_KEYS)));
    expect(shown('help_slices')).toEqual(written(keysOf(SLICE_KEYS)));
    expect(shown('help_3d')).toEqual(written([...keysOf(VOLUME_KEYS), ...Object.keys(SIDES)]));
  });
});
