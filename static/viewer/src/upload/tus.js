/** The client of resumable uploads, for the pages' `static/js/resumable.js`: a file of its own, loaded with the first upload. */
export { Upload } from 'tus-js-client';
