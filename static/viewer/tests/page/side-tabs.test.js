// @vitest-environment happy-dom
import { afterEach, describe, expect, it, vi } from 'vitest';
import SideTabs from '../../src/page/SideTabs.vue';
import { byTestId, mountInSession } from './mounted.js';

afterEach(() => document.body.replaceChildren());

describe('the tabs above the tools', () => {
  it('bring their part up, and open the tools where they are shut', async () => {
    const part = document.createElement('div');
    part.id = 'tools-measure';
    part.scrollIntoView = vi.fn();
    document.body.append(part);
    const onOpen = vi.fn();
    const { wrapper } = mountInSession(SideTabs, {}, { modelValue: false, 'onUpdate:modelValue': onOpen });
    await byTestId(wrapper, 'tab-measure').trigger('click');
    expect(part.scrollIntoView).toHaveBeenCalledOnce();
    expect(onOpen).toHaveBeenLastCalledWith(true);
    expect(byTestId(wrapper, 'tab-measure').attributes('aria-current')).toBe('true');
    expect(byTestId(wrapper, 'tools-toggle').attributes('aria-expanded')).toBe('false');
  });
});
