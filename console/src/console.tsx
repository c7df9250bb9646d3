/** The console: sign-in if it is asked for, the frame of every page, and which address shows which screen. */
import { LocationProvider, lazy, Route, Router, useLocation } from 'preact-iso';
import type { ComponentChildren, VNode } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { isSignedIn, onDenied } from './api.js';
import { findRole, RoleContext } from './role.js';
import { NotFound } from './screens/not-found.js';
import { Overview } from './screens/overview.js';
import { SignIn } from './screens/sign-in.js';
import { isBelow, PAGES, Shell } from './shell.js';
import { setPageTitle } from './title.js';
import { Toasts } from './ui/toasts.js';
import { useQuery } from './use-query.js';

const Catalog = lazy(() => import('./screens/catalog.js').then((it) => it.Catalog));
const Log = lazy(() => import('./screens/log.js').then((it) => it.Log));
const Order = lazy(() => import('./screens/order.js').then((it) => it.Order));
const Orders = lazy(() => import('./screens/orders.js').then((it) => it.Orders));
const ReadModels = lazy(() => import('./screens/read-models.js').then((it) => it.ReadModels));
const Stock = lazy(() => import('./screens/stock.js').then((it) => it.Stock));
const User = lazy(() => import('./screens/user.js').then((it) => it.User));
const Users = lazy(() => import('./screens/users.js').then((it) => it.Users));

/** Until the role is asked for again, if the API could not tell it. */
const AGAIN_MS = 5_000;

export function Console(): VNode {
  const [round, setRound] = useState(0);
  const [mustSignIn, setMustSignIn] = useState(false);
  useEffect(() => onDenied(() => setMustSignIn(true)), []);
  const [isUnknown, setUnknown] = useState(false);
  const role = useQuery(
    `role ${round}`,
    async (signal) => {
      const found = await findRole(signal);
      setUnknown(found === 'unknown');
      return found;
    },
    isUnknown ? { every: AGAIN_MS } : {},
  ).data;
  if (mustSignIn || role === null) {
    return (
      <SignIn
        onDone={() => {
          setMustSignIn(false);
          setRound(round + 1);
        }}
        isRepeated={isSignedIn()}
      />
    );
  }
  if (role === undefined) return <p class="busy">Loading…</p>;
  return (
    <RoleContext.Provider value={role}>
      <LocationProvider scope="/console">
        <Shell>
          <Page>
            <Router>
              <Route path="/console/" component={Overview} />
              <Route path="/console/catalog" component={Catalog} />
              <Route path="/console/orders" component={Orders} />
              <Route path="/console/orders/:order_id" component={Order} />
              <Route path="/console/users" component={Users} />
              <Route path="/console/users/:user_id" component={User} />
              <Route path="/console/stock" component={Stock} />
              <Route path="/console/log" component={Log} />
              <Route path="/console/read-models" component={ReadModels} />
              <Route default component={NotFound} />
            </Router>
          </Page>
        </Shell>
        <Toasts />
      </LocationProvider>
    </RoleContext.Provider>
  );
}

/** Another screen takes the focus, so that a reader of the screen hears it and the keyboard goes on from there. */
function Page({ children }: { children: ComponentChildren }): VNode {
  const { path } = useLocation();
  const main = useRef<HTMLElement>(null);
  const isFirst = useRef(true);
  // Before the effects of the screens: what they show has its name in the title.
  useLayoutEffect(() => setPageTitle(PAGES.find(([href]) => isBelow(path, href))?.[1] ?? 'Not found'), [path]);
  useEffect(() => {
    if (!isFirst.current) main.current?.focus({ preventScroll: true });
    isFirst.current = false;
    if (location.hash === '') scrollTo({ top: 0 });
  }, [path]);
  return (
    <main id="content" class="content" tabIndex={-1} ref={main}>
      {children}
    </main>
  );
}
