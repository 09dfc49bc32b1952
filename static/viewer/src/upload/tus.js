/** The client of resumable uploads, for `static/js/resumable.js`: a file of its own, loaded with the first upload. */
export { DetailedError, Upload } from 'tus-js-client';
