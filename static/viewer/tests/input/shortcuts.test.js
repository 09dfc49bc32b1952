import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { listenToKeys } from '../../src/input/shortcuts.js';

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
