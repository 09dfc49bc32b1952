/** What navigation tells a headset: the plan, the tool, and words; with each message, as pages get no frames then. */
import { watch } from 'vue';
import { guidance } from '../../../navigation/guidance.js';
/**
 * @import { Ref } from 'vue'
 * @import { Screw } from '../../../navigation/guidance.js'
 * @import { Pose } from '../../../navigation/live.js'
 * @import { Texts } from '../../../types.js'
 * @import { Viewer } from '../../../viewer.js'
 * @import { Line } from '../../../vr/board.js'
 * @import { Registration } from './records.js'
 */

/**
 * The words below the banner: whether it is so now, and where the tool is, seen from the screw it is meant for.
 *
 * @param {Pose} pose
 * @param {Screw | null} target
 * @param {Texts} texts
 * @returns {Line[]}
 */
export function linesOf(pose, target, texts) {
  if (pose.state !== 'live') return [{ text: texts[`nav.veil.${pose.state}`], alarm: true }];
  if (pose.check?.state === 'drifted') return [{ text: texts['nav.veil.drifted'], alarm: true }];
  const live = `${texts['nav.state.live']} · ${pose.registration?.level ?? ''}`;
  if (!target || !pose.tip_ras_mm || !pose.axis_ras) return [{ text: live }];
  const { offAxis, angle, left } = guidance(pose.tip_ras_mm, pose.axis_ras, target);
  const figures = [
    `${texts['nav.off_axis']} ${offAxis.toFixed(1)} mm`,
    `${angle.toFixed(1)}°`,
    `${texts['nav.left_mm']} ${left.toFixed(1)} mm`,
  ];
  return [{ text: `${live} · ${target.level} ${texts[`nav.${target.side}`]}` }, { text: figures.join(' · ') }];
}

/**
 * @param {Viewer['headset']} headset
 * @param {{screws: Readonly<Ref<Screw[]>>, target: Readonly<Ref<?Screw>>, registrations: Ref<Registration[]>}} known
 * @param {Texts} texts
 */
export function useHeadsetView(headset, { screws, target, registrations }, texts) {
  watch([screws, target], () => headset.navigate({ screws: screws.value, target: target.value }));
  watch(registrations, ([newest]) =>
    headset.navigate({ imageFromTracker: newest?.verdict === 'accepted' ? newest.image_from_tracker : null }),
  );
  /** @param {?Pose} pose null: nobody follows the tool */
  return function tell(pose) {
    if (!pose) {
      headset.navigate({ tool: null, lines: [], touch: null });
      return;
    }
    const { tip_ras_mm: tip, axis_ras: axis } = pose;
    const isLive = pose.state === 'live' && pose.check?.state !== 'drifted';
    headset.navigate({
      tool: tip && axis ? { tip, axis, isLive } : null,
      lines: linesOf(pose, target.value, texts),
      touch: isLive ? pose.tip_tracker_mm : null,
    });
  };
}
