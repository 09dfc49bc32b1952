/** One vtk.js render window in one element: made, sized, drawn on demand, taken down. */
import '@kitware/vtk.js/Rendering/OpenGL/RenderWindow.js';
import '@kitware/vtk.js/Rendering/OpenGL/Profiles/Volume.js';
import '@kitware/vtk.js/Rendering/OpenGL/Profiles/Geometry.js';
import vtkRenderWindow from '@kitware/vtk.js/Rendering/Core/RenderWindow.js';
import vtkRenderer from '@kitware/vtk.js/Rendering/Core/Renderer.js';

const BACKGROUND = [0.02, 0.031, 0.043]; // --viewport of tokens.css

/** Whether this browser can draw at all. */
export function hasWebGL2() {
  return Boolean(document.createElement('canvas').getContext('webgl2'));
}

/** A render window filling `element`. Nothing is drawn until `draw()`, which draws once in the next frame. */
export function createWindow(element, onResize) {
  const renderWindow = vtkRenderWindow.newInstance();
  const renderer = vtkRenderer.newInstance({ background: BACKGROUND });
  renderWindow.addRenderer(renderer);
  const view = renderWindow.newAPISpecificView('WebGL');
  renderWindow.addView(view);
  view.setContainer(element);
  const canvas = view.getCanvas();
  canvas.setAttribute('aria-hidden', 'true');
  let frame = 0;
  let size = [0, 0];

  const draw = () => {
    if (frame || size[0] < 2 || size[1] < 2) return;
    frame = requestAnimationFrame(() => {
      frame = 0;
      renderWindow.render();
    });
  };

  const resize = () => {
    size = [element.clientWidth, element.clientHeight];
    if (size[0] < 2 || size[1] < 2) return;
    const ratio = Math.min(window.devicePixelRatio || 1, 2);
    view.setSize(Math.round(size[0] * ratio), Math.round(size[1] * ratio));
    onResize(size);
    draw();
  };
  const observer = new ResizeObserver(resize);
  observer.observe(element);

  return {
    renderer,
    renderWindow,
    view,
    draw,
    size: () => size,
    start: resize,
    destroy() {
      observer.disconnect();
      cancelAnimationFrame(frame);
      view.setContainer(null);
      renderWindow.removeView(view);
      view.delete();
      renderWindow.delete();
    },
  };
}
