// @vitest-environment happy-dom
import { describe, expect, it } from 'vitest';
import HelpSheet from '../../src/page/HelpSheet.vue';
import { HELP } from '../../src/input/shortcuts.js';
import { byTestId, mountInSession } from './mounted.js';

describe('the help sheet', () => {
  it('opens once, says all there is, and closes', async () => {
    const { wrapper } = mountInSession(HelpSheet);
    expect(wrapper.vm.isOpen()).toBe(false);
    wrapper.vm.open();
    wrapper.vm.open();
    expect(wrapper.vm.isOpen()).toBe(true);
    const headings = wrapper.findAll('h3').map((node) => node.text());
    expect(headings).toEqual(['In a slice', 'In 3D', 'Anywhere', 'While correcting', 'Mouse', 'Touch']);
    expect(wrapper.findAll('li')).toHaveLength(Object.values(HELP).flat().length);
    await byTestId(wrapper, 'help-close').trigger('click');
    expect(wrapper.vm.isOpen()).toBe(false);
  });
});
