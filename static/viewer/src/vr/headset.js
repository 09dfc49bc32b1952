/** The masks' surfaces in a headset, while one is worn, with what navigation knows. */
import { enterXr } from './session.js';
/**
 * @import vtkActor from '@kitware/vtk.js/Rendering/Core/Actor.js'
 * @import { Grid, Texts } from '../types.js'
 * @import { Wanted } from './room.js'
 */

/**
 * @param {Grid} grid display.json
 * @param {() => vtkActor[]} surfaces of the masks shown
 * @param {Texts} texts
 */
export function createHeadset(grid, surfaces, texts) {
  /** @type {?Awaited<ReturnType<typeof enterXr>>} */
  let session = null;
  /** @type {Wanted} */
  let wanted = { texts, screws: [], target: null, tool: null, lines: [], imageFromTracker: null, touch: null };
  return {
    /** Whether there is nothing to look at. */
    isEmpty: () => surfaces().length === 0,
    /**
     * Show the surfaces; ends when the headset is taken off.
     *
     * @param {() => void} worn called once they are shown
     * @param {'immersive-ar' | 'immersive-vr'} kind with the room around the wearer, or without
     */
    async wear(worn, kind = 'immersive-vr') {
      session = await enterXr(kind, grid, surfaces(), wanted);
      worn();
      try {
        await session.ended;
      } finally {
        session = null;
      }
    },
    leave: () => session?.end(),
    /** What navigation knows now. @param {Partial<Wanted>} part */
    navigate(part) {
      wanted = { ...wanted, ...part };
      session?.room.update(wanted);
    },
    /** Bounds in mm of what is shown in the headset, or null. */
    bounds: () => session?.bounds() ?? null,
    /** Where it stands, and what is said there; null where none is worn. */
    room: () => session?.room.state() ?? null,
  };
}
