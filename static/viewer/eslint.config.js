import js from '@eslint/js';
import vue from 'eslint-plugin-vue';
import globals from 'globals';

// `npm run lint` starts in static/, so that the pages' own scripts (static/js) are checked with the viewer's.
const limits = {
  complexity: ['error', 10],
  'max-depth': ['error', 4],
  'max-len': ['error', { code: 120 }],
  'max-lines': ['error', 400],
  'max-lines-per-function': ['error', { max: 60, skipBlankLines: true, skipComments: true }],
};

export default [
  { ignores: ['viewer/dist/', 'viewer/node_modules/'] },
  js.configs.recommended,
  ...vue.configs['flat/recommended'],
  {
    files: ['js/**/*.js', 'viewer/**/*.js', 'viewer/**/*.vue'],
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    languageOptions: { ecmaVersion: 2023, sourceType: 'module', globals: globals.browser },
    rules: {
      ...limits,
      'array-callback-return': 'error',
      'default-param-last': 'error',
      eqeqeq: 'error',
      'no-implicit-globals': 'error',
      'no-self-compare': 'error',
      'no-shadow': 'error',
      'no-unmodified-loop-condition': 'error',
      'no-unused-vars': ['error', { args: 'after-used', argsIgnorePattern: '^_' }],
      'no-use-before-define': ['error', { functions: false, variables: false }],
      'no-useless-return': 'error',
      'no-var': 'error',
      'object-shorthand': 'error',
      'prefer-const': 'error',
      'prefer-template': 'error',
    },
  },
  { files: ['js/theme.js', 'viewer/boot.js'], languageOptions: { sourceType: 'script' } },
  {
    files: ['viewer/**/*.vue'],
    rules: {
      'vue/max-attributes-per-line': ['error', { singleline: 8, multiline: 1 }],
      'vue/singleline-html-element-content-newline': 'off',
    },
  },
];
