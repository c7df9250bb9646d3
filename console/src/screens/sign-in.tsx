/** An API key, kept for this tab only. */
import type { VNode } from 'preact';
import { useLayoutEffect } from 'preact/hooks';
import { api, signIn, signOut } from '../api.js';
import logo from '../logo.svg';
import { setPageTitle } from '../title.js';
import { Failure, Field } from '../ui/parts.js';
import { useAction } from '../use-query.js';

export function SignIn({ onDone, isRepeated }: { onDone: () => void; isRepeated: boolean }): VNode {
  useLayoutEffect(() => setPageTitle('Sign in'), []);
  const action = useAction(async (key: string) => {
    signIn(key);
    try {
      await api.getCategoryTree({ depth: 1 });
    } catch (error) {
      signOut();
      throw error;
    }
    onDone();
  });
  return (
    <main class="sign-in">
      <form
        class="card"
        onSubmit={(event) => {
          event.preventDefault();
          const key = new FormData(event.currentTarget).get('key');
          void action.run(typeof key === 'string' ? key.trim() : '');
        }}
      >
        <img src={logo} alt="" width="44" height="44" />
        <h1>Sign in to Orderlog</h1>
        {isRepeated && !action.error && <p class="note">Your key is no longer accepted. Sign in again.</p>}
        <Field label="API key" hint="The key is kept for this tab only.">
          <input name="key" type="password" autocomplete="off" required autofocus />
        </Field>
        {action.error && <Failure error={action.error} />}
        <button class="primary" disabled={action.isBusy}>
          {action.isBusy ? 'Checking…' : 'Sign in'}
        </button>
        <p class="muted small">
          No key yet? An operator creates one: <code>npx orderlog keys create --role clerk</code>
        </p>
      </form>
    </main>
  );
}
