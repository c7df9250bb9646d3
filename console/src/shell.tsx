/** The frame of every page: where one can go, the search, the theme, signing out. */
import type { ComponentChildren, VNode } from 'preact';
import { useLocation } from 'preact-iso';
import { useContext, useEffect, useRef, useState } from 'preact/hooks';
import { isSignedIn, signOut } from './api.js';
import logo from './logo.svg';
import { RoleContext, useMay } from './role.js';
import { Search } from './search.js';
import { LateNote } from './ui/late.js';

/** Path and name of each page, and what it asks of the API: nobody is sent to a page that would only be denied. */
export const PAGES = [
  ['/console/', 'Overview', null],
  ['/console/catalog', 'Catalog', 'getCategoryTree'],
  ['/console/orders', 'Orders', 'listOrders'],
  ['/console/users', 'Users', 'listUsers'],
  ['/console/stock', 'Stock', 'listStock'],
  ['/console/log', 'Log', 'listLogEvents'],
  ['/console/read-models', 'Read models', 'getStatus'],
] as const;

export function Shell({ children }: { children: ComponentChildren }): VNode {
  const { path } = useLocation();
  const role = useContext(RoleContext);
  const may = useMay();
  const [isOpen, setOpen] = useState(false);
  const menu = useRef<HTMLButtonElement>(null);
  useEffect(() => setOpen(false), [path]);
  return (
    <div class="shell">
      <a class="skip" href="#content">
        Skip to the content
      </a>
      <aside
        class="sidebar"
        data-open={isOpen}
        onKeyDown={({ key }) => {
          if (key !== 'Escape' || !isOpen) return;
          setOpen(false);
          menu.current?.focus();
        }}
      >
        <a class="brand" href="/console/">
          <img src={logo} alt="" />
          Orderlog
        </a>
        <button
          ref={menu}
          class="menu-button"
          aria-expanded={isOpen}
          aria-controls="pages"
          onClick={() => setOpen(!isOpen)}
        >
          Menu
        </button>
        <nav id="pages" class="nav" aria-label="Pages">
          {PAGES.filter(([, , call]) => call === null || may(call)).map(([href, name]) => (
            <a key={href} href={href} aria-current={isBelow(path, href) ? 'page' : undefined}>
              {name}
            </a>
          ))}
        </nav>
        <footer class="small">
          <ThemeChoice />
          <a href="/docs">API documentation</a>
          {isSignedIn() && role !== 'unknown' && <span class="muted">Role of your key: {role}</span>}
          {isSignedIn() && (
            <button class="small-button" onClick={signOut}>
              Sign out
            </button>
          )}
        </footer>
      </aside>
      <div class="page">
        <div class="topbar">
          <Search />
        </div>
        <LateNote />
        {children}
      </div>
    </div>
  );
}

export const isBelow = (path: string, href: string): boolean =>
  href === '/console/' ? path === href || path === '/console' : path === href || path.startsWith(`${href}/`);

const THEME = 'orderlog-theme';

/** The system's colors, or the ones that were chosen here before. */
function ThemeChoice(): VNode {
  const [theme, setTheme] = useState(localStorage.getItem(THEME) ?? 'system');
  useEffect(() => {
    if (theme === 'system') {
      localStorage.removeItem(THEME);
      delete document.documentElement.dataset['theme'];
    } else {
      localStorage.setItem(THEME, theme);
      document.documentElement.dataset['theme'] = theme;
    }
  }, [theme]);
  return (
    <label class="field">
      Colors
      <select value={theme} onChange={({ currentTarget }) => setTheme(currentTarget.value)}>
        <option value="system">As the system</option>
        <option value="light">Light</option>
        <option value="dark">Dark</option>
      </select>
    </label>
  );
}
