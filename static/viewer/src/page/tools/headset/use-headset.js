/** The button that enters a headset's room and leaves it again. */
import { ref } from 'vue';
import { useSession } from '../../session.js';
/**
 * @import { Viewer } from '../../../viewer.js'
 */

/**
 * State of the button, for one component.
 *
 * @param {Viewer['headset']} headset
 * @param {(error: unknown) => void} failed told why it could not be worn
 */
export function useHeadset(headset, failed) {
  const { texts } = useSession();
  const isWorn = ref(false);
  const why = ref('');

  /** @param {Parameters<Viewer['headset']['wear']>[1]} [kind] of room */
  async function press(kind) {
    if (isWorn.value) {
      headset.leave();
      return;
    }
    why.value = headset.isEmpty() ? texts.vr_mask : '';
    if (why.value) return;
    try {
      await headset.wear(() => (isWorn.value = true), kind);
    } catch (error) {
      failed(error);
    }
    isWorn.value = false;
  }
  return { isWorn, why, press };
}
