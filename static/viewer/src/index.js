/** What trame's client loads: a Vue plugin that knows <study-page>. */
import StudyPage from './page/StudyPage.vue';

/** @param {import('vue').App} app */
export function install(app) {
  app.component('StudyPage', StudyPage);
}
