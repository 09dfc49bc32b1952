/** The tabs of the side bar, and bringing up what each names. */
import { ref } from 'vue';

/** The tab whose part was brought up last. */
export const chosenTab = ref('result');

/** Bring a part of the tools into sight. @param {string} name of the tab */
export function bringUp(name) {
  chosenTab.value = name;
  document.getElementById(`tools-${name}`)?.scrollIntoView({ block: 'start' });
}
