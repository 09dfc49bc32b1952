/** The masks' surfaces in a headset, while one is worn. */
import { enterVr } from './session.js';

/**
 * @param {object} grid display.json
 * @param {() => object[]} surfaces the vtkActors of the masks shown
 */
export function createHeadset(grid, surfaces) {
  let session = null;
  return {
    /** Whether there is nothing to look at. */
    isEmpty: () => surfaces().length === 0,
    /** Show the surfaces; ends when the headset is taken off. `worn()` is called once they are shown. */
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
