/** The VR button in the page's side bar; where there is no VR it says why. */
import { button, make } from '../core/dom.js';
import { enterVr, vrReason } from './session.js';

/**
 * Fill `slot`.
 *
 * @param {object} scene { grid, surfaces(): vtkActors of the masks shown }
 */
export function createVrTools(slot, { grid, surfaces }, texts, failed) {
  let running = null;
  const why = make('p', { class: 'sv-faint', 'data-testid': 'vr-reason', role: 'status' });
  const tell = (text) => {
    why.textContent = text;
    why.hidden = !text;
  };

  async function press() {
    if (running) {
      running.end();
      return;
    }
    const actors = surfaces();
    if (!actors.length) {
      tell(texts.vr_mask);
      return;
    }
    tell('');
    try {
      running = await enterVr(grid, actors);
      enter.textContent = texts.vr_leave;
      await running.ended;
    } catch (error) {
      failed(error);
    }
    running = null;
    enter.textContent = texts.vr_enter;
  }

  const enter = button(texts.vr_enter, 'vr-enter', press, { class: 'sv-button', disabled: true });
  slot.append(enter, why);
  tell('');
  vrReason().then((reason) => {
    enter.disabled = reason !== '';
    tell(reason ? texts[reason] : '');
  });
  return {
    /** Bounds in mm of what is shown in the headset, or null. */
    bounds: () => running?.bounds() ?? null,
    destroy() {
      running?.end();
      enter.remove();
      why.remove();
    },
  };
}
