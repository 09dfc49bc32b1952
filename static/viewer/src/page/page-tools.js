/** What is done with all panels together: pictures, clips, VR. */
import { createCaptureTools } from './capture-tools.js';
import { createVrTools } from '../vr/tools.js';

/**
 * @param {object} hosts elements of the panels by name
 * @param {() => object} slices the slice panels that there are now, by name
 * @param {object} volume of scene-3d.js
 * @param {object} page { grid, texts, slots: { captureTools, vrTools }, failed(error) }
 */
export function createPageTools(hosts, slices, volume, { grid, texts, slots, failed }) {
  const part = (name, render) => ({ name, panel: hosts[name].parentElement, render });
  const whole = part('volume', volume.main.render);
  const seen = () =>
    [...Object.entries(slices()).map(([name, panel]) => part(name, panel.render)), whole, ...volume.others().map(([name, panel]) => part(name, panel.render))].filter(
      ({ panel }) => panel.offsetWidth > 0,
    );
  const root = hosts.volume.closest('.sv-grid');
  const capture = slots.captureTools && createCaptureTools(slots.captureTools, root, seen, { ...whole, draw: volume.main.draw, turn: volume.main.turn }, texts);
  const vr = slots.vrTools && createVrTools(slots.vrTools, { grid, surfaces: volume.main.surfaces }, texts, failed);
  return {
    /** See tools.js. */
    vrBounds: () => vr?.bounds() ?? null,
    destroy() {
      capture?.destroy();
      vr?.destroy();
    },
  };
}
