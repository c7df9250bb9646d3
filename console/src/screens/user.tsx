/** One user: details, the proof of identity, orders, and erasing with its receipt. */
import type { VNode } from 'preact';
import { useRoute } from 'preact-iso';
import { useState } from 'preact/hooks';
import { api, type Schemas } from '../api.js';
import { bytes, named, shortId } from '../format.js';
import { May } from '../role.js';
import { useTitle } from '../title.js';
import type { User as UserAnswer } from '../types.js';
import { FormDialog, textOf } from '../ui/form-dialog.js';
import { Card, Empty, Failure, Field, Loaded, Status, Time } from '../ui/parts.js';
import { usePages } from '../ui/pages.js';
import { say } from '../ui/toasts.js';
import { useAction, useQuery } from '../use-query.js';
import { OrderTable } from './orders.js';

type Asking = 'details' | 'proof' | 'erase' | null;

export function User(): VNode {
  const { params } = useRoute();
  const user_id = params['user_id'] ?? '';
  const query = useQuery(user_id, async (signal) => (await api.getUser({ user_id }, { signal })).data);
  const orders = usePages(`orders of ${user_id}`, (more, options) => api.listUserOrders({ user_id, ...more }, options));
  useTitle(shortId(user_id));
  const [asking, setAsking] = useState<Asking>(null);
  const [receipt, setReceipt] = useState<Receipt | null>(null);
  const close = (): void => {
    setAsking(null);
    query.refresh();
  };
  return (
    <Loaded query={query} named={{ what: 'user', id: user_id, list: ['/console/users', 'All users'] }}>
      {(user) => (
        <div class="stack">
          <Head user={user} ask={setAsking} />
          {receipt && <ReceiptCard receipt={receipt} />}
          <div class="columns">
            <Details user={user} />
            <Proof user={user} ask={() => setAsking('proof')} />
          </div>
          <Card title="Orders" flush>
            <Loaded query={orders}>
              {(rows) =>
                rows.length === 0 ? <Empty title="This user has no orders." /> : <OrderTable orders={rows} />
              }
            </Loaded>
            {orders.more}
          </Card>
          {asking === 'details' && <ChangeDetails user={user} onClose={close} />}
          {asking === 'proof' && <ReplaceProof user={user} onClose={close} />}
          {asking === 'erase' && <Erase user={user} onReceipt={setReceipt} onClose={close} />}
        </div>
      )}
    </Loaded>
  );
}

function Head({ user, ask }: { user: UserAnswer; ask: (asking: Asking) => void }): VNode {
  const isActive = user.status === 'active';
  return (
    <header class="stack-tight">
      <p class="small">
        <a href="/console/users">Users</a>
      </p>
      <div class="spread">
        <div class="row">
          <h1>{named(user.name) ?? 'Erased user'}</h1>
          <Status tone={isActive ? 'good' : 'ended'}>{user.status}</Status>
        </div>
        {isActive && (
          <div class="row">
            <May call="changeUserDetails">
              <button onClick={() => ask('details')}>Change details</button>
            </May>
            <May call="eraseUser" otherwise="An admin can erase this user.">
              <button class="danger" onClick={() => ask('erase')}>
                Erase
              </button>
            </May>
          </div>
        )}
      </div>
    </header>
  );
}

function Details({ user }: { user: UserAnswer }): VNode {
  return (
    <Card title="Details">
      <dl class="facts">
        <dt>Id</dt>
        <dd class="mono">{user.user_id}</dd>
        <dt>E-mail</dt>
        <dd>{user.email ?? '–'}</dd>
        <dt>Registered</dt>
        <dd>
          <Time at={user.registered_at} exact />
        </dd>
        <dt>Last change</dt>
        <dd>
          <Time at={user.updated_at} exact />
        </dd>
      </dl>
    </Card>
  );
}

function Proof({ user, ask }: { user: UserAnswer; ask: () => void }): VNode {
  const { id_proof, status } = user;
  const download = useAction(async () => {
    const { data } = await api.downloadIdProof({ user_id: user.user_id });
    const url = URL.createObjectURL(data);
    const link = document.createElement('a');
    link.href = url;
    link.download = `id-proof-${user.user_id}.pdf`;
    link.click();
    URL.revokeObjectURL(url);
  });
  return (
    <Card
      title="Proof of identity"
      actions={
        status === 'active' && (
          <>
            {id_proof && (
              <button class="small-button" onClick={() => void download.run()} disabled={download.isBusy}>
                Download
              </button>
            )}
            <button class="small-button" onClick={ask}>
              {id_proof ? 'Replace' : 'Upload'}
            </button>
          </>
        )
      }
    >
      {download.error && <Failure error={download.error} />}
      {id_proof ? (
        <dl class="facts">
          <dt>Size</dt>
          <dd>{bytes(id_proof.bytes)}</dd>
          <dt>Uploaded</dt>
          <dd>
            <Time at={id_proof.uploaded_at} exact />
          </dd>
          <dt>SHA-256</dt>
          <dd class="mono">{id_proof.sha256 ?? '–'}</dd>
        </dl>
      ) : (
        <p class="muted">
          {status === 'erased'
            ? 'The document was destroyed with the erasure.'
            : 'No document yet. Without one, this user cannot place orders.'}
        </p>
      )}
    </Card>
  );
}

interface Question {
  readonly user: UserAnswer;
  readonly onClose: () => void;
}

function ChangeDetails({ user, onClose }: Question): VNode {
  return (
    <FormDialog
      title="Change details"
      submit="Save"
      onClose={onClose}
      onSubmit={async (fields, options) => {
        const { user_id, revision: ifMatch } = user;
        const details = { name: textOf(fields, 'name'), email: textOf(fields, 'email') };
        await api.changeUserDetails({ user_id, ...details }, { ...options, ifMatch });
        say('The details are saved.');
      }}
    >
      <Field label="Name">
        <input name="name" required maxLength={200} defaultValue={user.name ?? ''} />
      </Field>
      <Field label="E-mail address">
        <input name="email" type="email" required maxLength={254} defaultValue={user.email ?? ''} />
      </Field>
    </FormDialog>
  );
}

function ReplaceProof({ user: { user_id }, onClose }: Question): VNode {
  return (
    <FormDialog
      title="Upload a proof of identity"
      submit="Upload"
      onClose={onClose}
      onSubmit={async (form, options) => {
        await api.replaceIdProof({ user_id, id_proof: form.get('id_proof') as File }, options);
        say('The document is stored.');
      }}
    >
      <Field label="Document" hint="A PDF of at most 10 MB, without scripts or attached files.">
        <input name="id_proof" type="file" accept="application/pdf,.pdf" required />
      </Field>
    </FormDialog>
  );
}

type Receipt = Schemas['ErasureReceipt'];

function Erase({ user, onReceipt, onClose }: Question & { onReceipt: (receipt: Receipt) => void }): VNode {
  return (
    <FormDialog
      title="Erase this user for good?"
      submit="Erase"
      isDangerous
      onClose={onClose}
      onSubmit={async (fields, options) => {
        if (textOf(fields, 'confirmation') !== 'erase') throw new Error('Type the word erase to confirm.');
        const { user_id, revision: ifMatch } = user;
        const { data } = await api.eraseUser({ user_id }, { ...options, ifMatch });
        onReceipt(data);
        say('The user is erased.');
      }}
    >
      <p>
        Name, e-mail address and document are destroyed, in the log, in every table and in every backup. The orders
        stay, without a name. Nobody can take this back.
      </p>
      <Field label="Type “erase” to confirm">
        <input name="confirmation" autocomplete="off" required autofocus />
      </Field>
    </FormDialog>
  );
}

function ReceiptCard({ receipt }: { receipt: Receipt }): VNode {
  return (
    <Card title="Receipt of the erasure">
      <pre>{JSON.stringify(receipt, null, 2)}</pre>
    </Card>
  );
}
