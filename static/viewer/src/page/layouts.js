/** How the panels can be arranged. */

/** Layouts that show the original beside, or in the place of, what was segmented. */
export const LAYOUTS_WITH_ORIGINAL = ['compare', 'curtain', 'blink'];

/** Layouts that any study has. */
export const LAYOUTS = ['four', ...LAYOUTS_WITH_ORIGINAL];

/** The layout that compares two masks; only where there are both. */
export const MASKS_LAYOUT = 'masks';

/** The layout with a straightened spine; only where vertebrae are named. */
export const STRAIGHT_LAYOUT = 'straight';
