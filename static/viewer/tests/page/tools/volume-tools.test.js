// @vitest-environment happy-dom
import { nextTick } from 'vue';
import { afterEach, describe, expect, it, vi } from 'vitest';
import MaskTools from '../../../src/page/tools/MaskTools.vue';
import VolumeTools from '../../../src/page/tools/VolumeTools.vue';
import VrTools from '../../../src/page/tools/headset/VrTools.vue';
import { presetCopy } from '../../../src/volume/presets-3d.js';
import { byTestId, mountInSession } from '../mounted.js';

afterEach(() => document.body.replaceChildren());

const CHOSEN = { volume_preset: 'bone', mask_style_3d: 'surface', clip: [[0, 1], [0, 1], [0, 1]] };

/** What scene-3d.js gives to the tools. */
function createScene() {
  const listeners = new Set();
  return {
    main: { transfer: presetCopy('bone') },
    histogramValues: new Int16Array([0, 100, 100]),
    setTransfer: vi.fn(),
    onPreset: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    choose: (transfer) => listeners.forEach((listener) => listener(transfer)),
    listeners,
  };
}

describe('the tools of 3D', () => {
  it('offer presets alone where nothing is drawn here', () => {
    const { wrapper } = mountInSession(VolumeTools, { volume_preset: 'bone' }, { scene: null });
    expect(byTestId(wrapper, 'volume-preset-ramp').exists()).toBe(true);
    expect(byTestId(wrapper, 'transfer').exists()).toBe(false);
  });

  it('show the transfer function of the preset that is chosen, and hand on a changed one', async () => {
    const scene = createScene();
    const { wrapper } = mountInSession(VolumeTools, { ...CHOSEN }, { scene });
    expect(wrapper.findAll('.sv-tf-dot')).toHaveLength(presetCopy('bone').opacities.length);
    scene.choose(presetCopy('ramp'));
    await nextTick();
    expect(wrapper.findAll('.sv-tf-dot')).toHaveLength(3);
    await wrapper.findAll('.sv-tf-dot')[1].trigger('dblclick');
    expect(scene.setTransfer.mock.lastCall[0].opacities).toEqual([[-1000, 0], [1000, 0.2]]);
    expect(wrapper.findAll('.sv-tf-dot')).toHaveLength(2);
    scene.choose(null);
    await nextTick();
    expect(wrapper.findAll('.sv-tf-dot')).toHaveLength(0);
  });

  it('choose how masks are shown, clip, and let go of a scene', async () => {
    const scene = createScene();
    const { wrapper, state } = mountInSession(VolumeTools, { ...CHOSEN }, { scene });
    await byTestId(wrapper, 'mask-style-colour').trigger('click');
    expect(state.mask_style_3d).toBe('colour');
    expect(byTestId(wrapper, 'mask-style-surface').attributes('aria-pressed')).toBe('false');
    await byTestId(wrapper, 'clip-is-1').setValue('50');
    expect(state.clip).toEqual([[0, 1], [0, 1], [0, 0.5]]);
    wrapper.vm.$root.$.appContext.app.unmount();
    expect(scene.listeners.size).toBe(0);
  });
});

describe('masks', () => {
  it('are shown and hidden, with what is known of them', async () => {
    const mask = {
      id: 'a', kind: 'model', title: 'Segmentation', volume: '90.0 ml', dice: '0.912', labels: [],
      confidence: { level: 'low', label: 'Confidence: low', advice: 'Check this result:', reasons: ['Very little.'] },
    };
    const state = {
      masks: [mask], shown: ['a'], hidden: {}, colours: {}, label_opacity: {}, mask_style: 'filled', opacity: 60,
    };
    const { wrapper, state: shared } = mountInSession(MaskTools, state);
    expect(byTestId(wrapper, 'dice-value').text()).toBe('0.912');
    expect(byTestId(wrapper, 'confidence').findAll('li')).toHaveLength(1);
    await byTestId(wrapper, 'show-model').setValue(false);
    expect(shared.shown).toEqual([]);
    await byTestId(wrapper, 'opacity-slider').setValue('25');
    expect(shared.opacity).toBe(25);
  });
});

describe('the way into a headset', () => {
  it('says why there is none, and stays shut', async () => {
    const headset = { isEmpty: () => false, wear: vi.fn(), leave: vi.fn() };
    const { wrapper } = mountInSession(VrTools, {}, { headset });
    await vi.waitFor(() => expect(byTestId(wrapper, 'vr-reason').text()).not.toBe(''));
    expect(byTestId(wrapper, 'vr-enter').element.disabled).toBe(true);
  });
});
