/** The masks' surfaces in a headset, while one is worn. */
import { enterVr } from './session.js';
/** @import vtkActor from '@kitware/vtk.js/Rendering/Core/Actor.js' */

/**
 * @param {import('../types.js').Grid} grid display.json
 * @param {() => vtkActor[]} surfaces of the masks shown
 */
export function createHeadset(grid, surfaces) {
  /** @type {?Awaited<ReturnType<typeof enterVr>>} */
  let session = null;
  return {
    /** Whether there is nothing to look at. */
    isEmpty: () => surfaces().length === 0,
    /**
     * Show the surfaces; ends when the headset is taken off.
     *
     * @param {() => void} worn called once they are shown
     */
    async wear(worn) {
      session = await enterVr(grid, surfaces());
      worn();
      try {
        await session.ended;
      } finally {
        session = null;
      }
    },
    leave: () => session?.end(),
    /** Bounds in mm of what is shown in the headset, or null. */
    bounds: () => session?.bounds() ?? null,
  };
}
