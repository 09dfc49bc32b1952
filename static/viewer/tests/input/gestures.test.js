// @vitest-environment happy-dom
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { dragAction, listen, wheelSteps } from '../../src/input/gestures.js';

describe('gestures', () => {
  const none = { ctrl: false, shift: false };
  it.each([
    [0, none, 'scroll', 'scroll'],
    [2, none, 'crosshair', 'window'],
    [1, none, 'crosshair', 'pan'],
    [0, { ctrl: true, shift: false }, 'crosshair', 'zoom'],
    [0, { ctrl: false, shift: true }, 'crosshair', 'pan'],
  ])('button %i with %o and tool %s: %s', (button, modifiers, tool, action) => {
    expect(dragAction(button, modifiers, tool)).toBe(action);
  });

  it('makes one slice of a mouse notch, and one of 60 px on a trackpad', () => {
    const steps = wheelSteps();
    expect(steps(120, 0)).toBe(1);
    expect([steps(25, 0), steps(25, 0), steps(25, 0)]).toEqual([0, 0, 1]);
  });
});

const on = { crosshair: vi.fn(), probe: vi.fn(), hover: vi.fn(), windowing: vi.fn(), windowed: vi.fn() };
const moves = { scroll: vi.fn(), zoom: vi.fn(), pan: vi.fn(), key: vi.fn() };
let tool = 'crosshair';
let element;
beforeEach(() => {
  vi.useFakeTimers();
  Object.values({ ...on, ...moves }).forEach((spy) => spy.mockClear());
  tool = 'crosshair';
  element = document.createElement('div');
  element.setPointerCapture = () => {};
  listen(element, { ...on, ...moves }, () => tool);
});
afterEach(() => vi.useRealTimers());

/** A pointer's event; `finger` tells fingers apart. */
function send(type, x, y, finger = 1, pointerType = 'touch') {
  const event = new Event(type, { cancelable: true });
  const more = { clientX: x, clientY: y, pointerId: finger, pointerType, button: 0 };
  Object.entries(more).forEach(([name, value]) => Object.defineProperty(event, name, { value }));
  element.dispatchEvent(event);
}

describe('a finger', () => {
  it('that taps moves the crosshair, once no second tap came', () => {
    send('pointerdown', 50, 60);
    send('pointerup', 51, 60);
    expect(on.crosshair).not.toHaveBeenCalled();
    vi.advanceTimersByTime(400);
    expect(on.crosshair.mock.calls).toEqual([[[51, 60]]]);
  });

  it('that taps twice moves nothing', () => {
    for (let n = 0; n < 2; n += 1) {
      send('pointerdown', 50, 60);
      send('pointerup', 50, 60);
      vi.advanceTimersByTime(100);
    }
    vi.advanceTimersByTime(1000);
    expect(on.crosshair).not.toHaveBeenCalled();
  });

  it('that taps in another place moves the crosshair there', () => {
    send('pointerdown', 50, 60);
    send('pointerup', 50, 60);
    vi.advanceTimersByTime(100);
    send('pointerdown', 150, 60);
    send('pointerup', 150, 60);
    vi.advanceTimersByTime(1000);
    expect(on.crosshair.mock.calls).toEqual([[[150, 60]]]);
  });

  it('that is dragged takes the crosshair along, from where it has clearly moved', () => {
    send('pointerdown', 50, 60);
    send('pointermove', 55, 60);
    expect(on.crosshair).not.toHaveBeenCalled();
    send('pointermove', 70, 60);
    send('pointermove', 90, 62);
    send('pointerup', 90, 62);
    vi.advanceTimersByTime(1000);
    expect(on.crosshair.mock.calls).toEqual([[[70, 60]], [[90, 62]]]);
  });

});

describe('a finger that is no tap', () => {
  it('reads HU while it is held still, and moves nothing', () => {
    send('pointerdown', 50, 60);
    vi.advanceTimersByTime(600);
    send('pointerup', 50, 60);
    vi.advanceTimersByTime(1000);
    expect(on.probe.mock.calls).toEqual([[[50, 60]], [null]]);
    expect(on.crosshair).not.toHaveBeenCalled();
  });

  it.each(['crosshair', 'window'])('changes nothing by the tool %s with a second beside it', (chosen) => {
    tool = chosen;
    send('pointerdown', 50, 60);
    send('pointermove', 53, 62);
    send('pointerdown', 150, 60, 2);
    send('pointermove', 53, 100);
    send('pointermove', 150, 100, 2);
    send('pointerup', 53, 100);
    send('pointerup', 150, 100, 2);
    vi.advanceTimersByTime(1000);
    expect(moves.scroll).toHaveBeenCalled();
    expect(on.crosshair).not.toHaveBeenCalled();
    expect(on.windowing).not.toHaveBeenCalled();
  });

  it('waits where a mouse acts at once', () => {
    send('pointerdown', 50, 60, 1, 'mouse');
    expect(on.crosshair.mock.calls).toEqual([[[50, 60]]]);
  });
});
