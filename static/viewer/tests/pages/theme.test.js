// @vitest-environment happy-dom
import { beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { openPage } from './open-page.js';

const THEME = '../../../js/theme.js';

describe('the theme', () => {
  let systemIsDark = false;
  let jar = ''; // happy-dom keeps a cookie whose max-age is 0
  beforeAll(async () => {
    vi.stubGlobal('matchMedia', () => ({
      get matches() {
        return systemIsDark;
      },
    }));
    Object.defineProperty(document, 'cookie', {
      get: () => jar,
      set(text) {
        jar = text.includes('max-age=0') ? '' : text.split(';')[0];
      },
    });
    await import(/* a script, not a module */ THEME);
  });
  beforeEach(() => {
    jar = '';
    delete document.documentElement.dataset.theme;
    openPage('base.html');
  });
  const press = () => {
    const icon = document.querySelector('[data-testid=theme-switch] svg');
    icon.dispatchEvent(new Event('click', { bubbles: true }));
  };

  it("is switched against the system's, remembered, and follows the system again", () => {
    systemIsDark = false;
    press();
    expect(document.documentElement.dataset.theme).toBe('dark');
    expect(document.cookie).toContain('theme=dark');
    press();
    expect(document.documentElement.dataset.theme).toBeUndefined();
    expect(document.cookie).not.toContain('theme=');
  });

  it('becomes light where the system is dark', () => {
    systemIsDark = true;
    press();
    expect(document.documentElement.dataset.theme).toBe('light');
  });

  it('is dark on a page that begins so, until light is chosen', () => {
    systemIsDark = false;
    document.documentElement.dataset.defaultTheme = 'dark';
    window.dispatchEvent(new Event('pageshow'));
    expect(document.documentElement.dataset.theme).toBe('dark');
    press();
    expect(document.documentElement.dataset.theme).toBe('light');
    expect(document.cookie).toContain('theme=light');
    press();
    expect(document.documentElement.dataset.theme).toBe('dark');
    expect(document.cookie).not.toContain('theme=');
    delete document.documentElement.dataset.defaultTheme;
  });

  it('of a page that comes back is the one remembered meanwhile', () => {
    document.cookie = 'theme=dark; path=/';
    window.dispatchEvent(new Event('pageshow'));
    expect(document.documentElement.dataset.theme).toBe('dark');
  });
});
