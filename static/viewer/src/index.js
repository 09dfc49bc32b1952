/** What trame's client loads: a Vue plugin that knows <study-page>. */
import StudyPage from './page/StudyPage.vue';

export function install(app) {
  app.component('StudyPage', StudyPage);
}
