/** One vtk.js render window in one element: made, sized, drawn on demand, taken down. */
import '@kitware/vtk.js/Rendering/OpenGL/RenderWindow.js';
import '@kitware/vtk.js/Rendering/OpenGL/Profiles/Volume.js';
import '@kitware/vtk.js/Rendering/OpenGL/Profiles/Geometry.js';
import vtkRenderWindow from '@kitware/vtk.js/Rendering/Core/RenderWindow.js';
import vtkRenderer from '@kitware/vtk.js/Rendering/Core/Renderer.js';

const BACKGROUND = [0.02, 0.031, 0.043]; // --viewport of tokens.css

/**
 * What this browser draws with: { webgl2, software, most3d }; `software` means a processor does a graphics card's work,
 * `most3d` is the longest side of a 3D texture.
 */
export function graphics() {
  const gl = document.createElement('canvas').getContext('webgl2');
  if (!gl) return { webgl2: false, software: true, most3d: 0 };
  const most3d = gl.getParameter(gl.MAX_3D_TEXTURE_SIZE);
  const info = gl.getExtension('WEBGL_debug_renderer_info');
  const name = String(gl.getParameter(info ? info.UNMASKED_RENDERER_WEBGL : gl.RENDERER));
  gl.getExtension('WEBGL_lose_context')?.loseContext();
  return { webgl2: true, most3d, software: /swiftshader|llvmpipe|softpipe|software|basic render/i.test(name) };
}

/**
 * A render window filling `element`. Nothing is drawn until `draw()`, which draws once in the next frame.
 *
 * @param {(size: number[]) => void} onResize called with [width, height] in CSS px, before it is drawn
 * @param {number} scale drawn pixels a screen pixel; below 1 coarser and faster
 */
export function createWindow(element, onResize, scale = 1) {
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
    const next = [element.clientWidth, element.clientHeight];
    if (next[0] === size[0] && next[1] === size[1]) return;
    size = next;
    if (size[0] < 2 || size[1] < 2) return;
    const ratio = Math.min(window.devicePixelRatio || 1, 2) * scale;
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
