/** Users, newest first; one by e-mail address; registering one with a proof of identity. */
import type { VNode } from 'preact';
import { useLocation } from 'preact-iso';
import { useState } from 'preact/hooks';
import { api, type Input, isDenied } from '../api.js';
import { named } from '../format.js';
import { May } from '../role.js';
import type { User } from '../types.js';
import { useFilledForm, useFilters } from '../ui/filters.js';
import { FormDialog } from '../ui/form-dialog.js';
import { Card, DeniedScreen, Empty, Field, Id, Loaded, Status, Time } from '../ui/parts.js';
import { usePages } from '../ui/pages.js';
import { say } from '../ui/toasts.js';

export function Users(): VNode {
  const { values, set } = useFilters();
  const pages = usePages(`users ${JSON.stringify(values)}`, (more, options) =>
    api.listUsers({ ...values, ...more }, options),
  );
  const form = useFilledForm({ email: values['email'] ?? '' });
  const [isRegistering, setRegistering] = useState(false);
  if (pages.error && isDenied(pages.error)) return <DeniedScreen title="Users" error={pages.error} />;
  return (
    <div class="stack">
      <div class="spread">
        <h1>Users</h1>
        <May call="registerUser">
          <button class="primary" onClick={() => setRegistering(true)}>
            Register a user
          </button>
        </May>
      </div>
      <form
        ref={form}
        class="filters"
        aria-label="Filters"
        onSubmit={(event) => {
          event.preventDefault();
          const email = new FormData(event.currentTarget).get('email');
          set({ email: typeof email === 'string' ? email.trim() : null });
        }}
      >
        <Field label="E-mail address, in full">
          <input name="email" type="search" />
        </Field>
        <button>Find</button>
      </form>
      <Card title="Users" flush>
        <Loaded query={pages}>
          {(users) =>
            users.length === 0 ? (
              <Empty title={values['email'] ? 'No user has this e-mail address.' : 'There are no users yet.'}>
                {values['email'] ? <a href="/console/users">Show all users</a> : 'Register the first one.'}
              </Empty>
            ) : (
              <UserTable users={users} />
            )
          }
        </Loaded>
        {pages.more}
      </Card>
      {isRegistering && <Register onClose={() => setRegistering(false)} />}
    </div>
  );
}

function UserTable({ users }: { users: readonly User[] }): VNode {
  const { route } = useLocation();
  return (
    <div class="table-frame">
      <table class="stacks">
        <thead>
          <tr>
            <th>Name</th>
            <th>E-mail</th>
            <th>Id proof</th>
            <th class="wide-only">Registered</th>
          </tr>
        </thead>
        <tbody>
          {users.map((user) => (
            <tr key={user.user_id} class="link-row" onClick={() => route(`/console/users/${user.user_id}`)}>
              <td>
                <a href={`/console/users/${user.user_id}`}>{named(user.name) ?? <Id id={user.user_id} />}</a>
              </td>
              <td class="line">{user.status === 'erased' ? <Status tone="ended">erased</Status> : user.email}</td>
              <td data-label="Id proof" class="side">
                {user.id_proof ? (
                  <Status tone="good">on file</Status>
                ) : (
                  user.status === 'active' && <Status tone="warn">missing</Status>
                )}
              </td>
              <td class="wide-only">
                <Time at={user.registered_at} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Register({ onClose }: { onClose: () => void }): VNode {
  const { route } = useLocation();
  return (
    <FormDialog
      title="Register a user"
      submit="Register"
      onClose={onClose}
      onSubmit={async (form, options) => {
        const { data } = await api.registerUser(Object.fromEntries(form) as Input<'registerUser'>, options);
        say('The user is registered.');
        route(`/console/users/${data.user_id}`);
      }}
    >
      <Field label="Name">
        <input name="name" required maxLength={200} autofocus />
      </Field>
      <Field label="E-mail address">
        <input name="email" type="email" required maxLength={254} />
      </Field>
      <Field label="Proof of identity" hint="A PDF of at most 10 MB, without scripts or attached files.">
        <input name="id_proof" type="file" accept="application/pdf,.pdf" required />
      </Field>
    </FormDialog>
  );
}
