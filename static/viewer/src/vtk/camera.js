/** Where a 3D camera stands: as numbers, as something that answers like a vtk.js camera, and before a box. */

/** Position, focal point and up: nine numbers. */
export const cameraNumbers = (camera) => [...camera.getPosition(), ...camera.getFocalPoint(), ...camera.getViewUp()];

export function cameraOf(values, angle) {
  return {
    getPosition: () => values.slice(0, 3),
    getFocalPoint: () => values.slice(3, 6),
    getViewUp: () => values.slice(6, 9),
    getViewAngle: () => angle,
  };
}

/** Where `camera` would stand to see the box [low, high] (RAS+ mm) as large as fits, looking the same way. */
export function cameraBefore(camera, low, high) {
  const middle = low.map((mm, axis) => (mm + high[axis]) / 2);
  const radius = Math.hypot(...low.map((mm, axis) => high[axis] - mm)) / 2;
  const [position, focal] = [camera.getPosition(), camera.getFocalPoint()];
  const back = position.map((mm, axis) => mm - focal[axis]);
  const angle = camera.getViewAngle();
  const distance = (1.15 * radius) / Math.sin((angle * Math.PI) / 360);
  const scale = distance / Math.hypot(...back);
  const from = middle.map((mm, axis) => mm + scale * back[axis]);
  return cameraOf([...from, ...middle, ...camera.getViewUp()], angle);
}
