/** What trame's client loads: a Vue plugin that knows <spine-viewer>. */
import SpineViewer from './component.js';

export function install(app) {
  app.component('SpineViewer', SpineViewer);
}
