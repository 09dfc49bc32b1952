/** What a slice panel shows, drawn by the graphics card through vtk.js: the CT's slice and the masks above it. */
import { PLANES, indexToWorld, planeToIndex } from '../core/geometry.js';
import { createMaskLayer } from './mask-layer.js';
import { createSliceImage } from './slice-image.js';
import { createWindow } from '../vtk/render-window.js';

const DISTANCE_MM = 2000; // of the camera from the slice
const unit = (axis, sign) => [0, 1, 2].map((n) => (n === axis ? sign : 0));

/**
 * @param {object} scene of the panel
 * @param {Function} sample the CT, see reslice.js
 * @param {(size: number[]) => void} onResize called with [width, height] in CSS px
 */
export function createGlPicture(element, plane, scene, sample, onResize) {
  const { frame } = scene;
  const { axis, v } = PLANES[plane];
  const towards = unit(axis, plane === 'coronal' ? -1 : 1);
  const target = createWindow(element, onResize);
  const camera = target.renderer.getActiveCamera();
  camera.setParallelProjection(true);
  const ct = createSliceImage(frame, plane, Int16Array, sample);
  ct.actor.getProperty().setInterpolationTypeToLinear();
  ct.actor.getProperty().setUseLookupTableScalarRange(false);
  target.renderer.addViewProp(ct.actor);
  const masks = createMaskLayer(target.renderer, scene, plane);
  return {
    size: target.size,
    start: target.start,
    draw: target.draw,
    /** Draw now, so that the canvas can be read. */
    render: () => target.renderWindow.render(),
    /** Sample `slice` of the frame, a `slab` of them. */
    show(slice, slab) {
      ct.show(slice, slab);
      masks.show(slice, slab);
    },
    /** Look at `view` (geometry.js) of the slice through `place`, an index of the frame. */
    aim(view, place) {
      const focus = indexToWorld(frame, planeToIndex(frame, plane, view.centre, place));
      camera.setFocalPoint(...focus);
      camera.setPosition(...focus.map((x, n) => x - towards[n] * DISTANCE_MM));
      camera.setViewUp(...unit(...v));
      camera.setParallelScale((target.size()[1] / 2) * view.mmPerPx);
      camera.setClippingRange(DISTANCE_MM - 800, DISTANCE_MM + 800);
    },
    setMasks: masks.set,
    setLook: masks.paint,
    setWindow([level, width]) {
      ct.actor.getProperty().setColorLevel(level);
      ct.actor.getProperty().setColorWindow(width);
    },
    forget: ct.forget,
    destroy: target.destroy,
  };
}
