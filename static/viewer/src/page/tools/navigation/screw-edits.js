/** Screws of the newest plan as they are moved in the page: checked at once, kept only when the user says so. */
import { computed, onScopeDispose, shallowRef, watch } from 'vue';
import { askJson } from '../../../data/fetch.js';
import {
  NO_EDITS, begun, edited, movedBy, newestOf, placed, sameEnds, thickerBy, undone,
} from '../../../navigation/edits.js';
/**
 * @import { Ref } from 'vue'
 * @import { Ends } from '../../../navigation/edits.js'
 * @import { Grippable } from '../../../navigation/grips.js'
 * @import { Screw } from '../../../navigation/guidance.js'
 * @import { Plan } from './records.js'
 */

const CHECK_MS = 120; // between a move and the question what it does

/** What the server wants of a screw. @param {Screw} screw */
const asked = ({ label, side, entry_ras_mm, tip_ras_mm, diameter_mm }) => ({
  label, side, entry_ras_mm, tip_ras_mm, diameter_mm,
});

/**
 * @param {string} base address of the study
 * @param {Readonly<Ref<?Plan>>} plan the newest
 * @param {Ref<string>} chosen name of the screw that is moved
 * @param {(error: unknown) => void} failed
 */
export function useScrewEdits(base, plan, chosen, failed) {
  const edits = shallowRef(NO_EDITS);
  const checked = shallowRef(/** @type {Record<string, Screw>} */ ({}));
  const isBusy = shallowRef(false);
  const planned = computed(() => plan.value?.screws ?? []);
  const screws = computed(() => edited(planned.value, edits.value, checked.value));
  const current = computed(() => screws.value.find(({ name }) => name === chosen.value) ?? null);

  const check = newestOf(async (/** @type {Screw} */ screw) => {
    try {
      const body = { screws: [asked(screw)], mask_id: plan.value?.mask_id };
      const answer = await askJson(`${base}/screw-checks`, 'POST', body);
      checked.value = { ...checked.value, [screw.name]: answer.screws[0] };
    } catch (error) {
      failed(error);
    }
  }, CHECK_MS);
  watch(current, (screw) => {
    if (screw && !screw.clearance_mm) check.call(screw);
  });
  watch(plan, () => {
    edits.value = NO_EDITS;
    checked.value = {};
  });
  onScopeDispose(check.stop);

  /** @type {Readonly<Ref<?Grippable>>} */
  const grips = computed(() => {
    const screw = current.value;
    return screw && { ends: screw, begin, move };
  });
  /** @type {?Ends} */
  let from = null; // the ends when a drag began
  function begin() {
    from = current.value;
    edits.value = begun(edits.value);
  }
  /** @type {Grippable['move']} */
  function move(end, by) {
    if (from && chosen.value) edits.value = placed(edits.value, chosen.value, movedBy(from, end, by));
  }
  return {
    screws,
    grips,
    isBusy,
    canUndo: computed(() => edits.value.past.length > 0),
    isMoved: computed(() => screws.value.some((screw, n) => !sameEnds(screw, planned.value[n]))),
    /** @param {number} mm */
    thicker(mm) {
      if (!current.value) return;
      const { entry_ras_mm, tip_ras_mm, diameter_mm } = thickerBy(current.value, mm);
      edits.value = placed(begun(edits.value), chosen.value, { entry_ras_mm, tip_ras_mm, diameter_mm });
    },
    undo: () => (edits.value = undone(edits.value)),
    discard: () => (edits.value = { ...begun(edits.value), places: {} }),
    /** Keep all screws as they are, as the newest plan. @returns {Promise<Plan>} */
    async keep() {
      isBusy.value = true;
      try {
        const body = { screws: screws.value.map(asked), mask_id: plan.value?.mask_id };
        return await askJson(`${base}/plans`, 'POST', body);
      } finally {
        isBusy.value = false;
      }
    },
  };
}
