import { describe, expect, it } from 'vitest';
import { dragAction, wheelSteps } from '../../src/input/gestures.js';

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
