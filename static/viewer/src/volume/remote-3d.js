/** The 3D view where there is no WebGL2: the server draws it, in a page of its own within the panel that says so. */
import vtkCamera from '@kitware/vtk.js/Rendering/Core/Camera.js';
import { make } from '../core/dom.js';
/** @import { Texts } from '../types.js' */

const nothing = () => {};

/**
 * Has the methods of createScene3d's result: what only a graphics card can do does nothing.
 *
 * @param {Element} host of the panel
 * @param {string} address of the page that the server draws
 * @param {Texts} texts
 */
export function createRemote3d(host, address, texts) {
  const words = make('p', { role: 'status' }, texts.served);
  const page = make('iframe', { src: address, title: texts.volume });
  const view = make('div', { class: 'sv-remote', 'data-testid': 'remote-view' }, words, page);
  host.append(view);
  const camera = vtkCamera.newInstance();
  return {
    remote: true,
    main: { camera, follow: nothing, render: nothing, draw: nothing, turn: nothing, surfaces: () => [] },
    others: () => [],
    reset: nothing,
    setPreset: nothing,
    setMasks: nothing,
    setSurfaces: nothing,
    setClip: nothing,
    setNames: nothing,
    setMaskStyle: nothing,
    setCrosshair: nothing,
    complete: nothing,
    compare: nothing,
    destroy: () => view.remove(),
  };
}
