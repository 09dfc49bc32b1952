/** The picture of a slice panel, drawn by the graphics card through vtk.js: the CT's slice. */
import { PLANES, indexToWorld, planeToIndex } from '../core/geometry.js';
import { AXES } from '../core/vectors.js';
import { createSliceImage } from './slice-image.js';
import { createWindow } from '../vtk/render-window.js';
/** @import { Frame, Numbers, Plane, Sampler, Vec2, View } from '../types.js' */

const DISTANCE_MM = 2000; // of the camera from the slice

/** @param {number} axis @param {number} sign */
const unit = (axis, sign) => AXES.map((n) => (n === axis ? sign : 0));

/**
 * @param {HTMLElement} element
 * @param {Plane} plane
 * @param {Frame} frame
 * @param {Sampler} sample the CT
 * @param {(size: Vec2) => void} onResize called with [width, height] in CSS px
 */
export function createGlPicture(element, plane, frame, sample, onResize) {
  const { axis, v } = PLANES[plane];
  const towards = unit(axis, plane === 'coronal' ? -1 : 1);
  const target = createWindow(element, onResize);
  const camera = target.renderer.getActiveCamera();
  camera.setParallelProjection(true);
  const ct = createSliceImage(frame, plane, Int16Array, sample);
  ct.actor.getProperty().setInterpolationTypeToLinear();
  ct.actor.getProperty().setUseLookupTableScalarRange(false);
  target.renderer.addViewProp(ct.actor);
  return {
    size: target.size,
    start: target.start,
    draw: target.draw,
    /** Draw now, so that the canvas can be read. */
    render: () => target.renderWindow.render(),
    /** Sample a slice of the frame. */
    show: ct.show,
    /** Look at `view` of the slice through `place`, an index of the frame. @param {View} view @param {Numbers} place */
    updateCamera(view, place) {
      const focus = indexToWorld(frame, planeToIndex(frame, plane, view.centre, place));
      camera.setFocalPoint(...focus);
      camera.setPosition(...focus.map((x, n) => x - towards[n] * DISTANCE_MM));
      camera.setViewUp(...unit(...v));
      camera.setParallelScale((target.size()[1] / 2) * view.mmPerPx);
      camera.setClippingRange(DISTANCE_MM - 800, DISTANCE_MM + 800);
    },
    /** @param {Numbers} window [level, width] in HU */
    setWindow([level, width]) {
      ct.actor.getProperty().setColorLevel(level);
      ct.actor.getProperty().setColorWindow(width);
    },
    invalidate: ct.invalidate,
    destroy: target.destroy,
  };
}
