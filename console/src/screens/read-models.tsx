/** The read models: how far they are, their builds, and what is done to them by jobs. */
import type { VNode } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { api, isDenied, type Schemas } from '../api.js';
import { number } from '../format.js';
import { May } from '../role.js';
import { Curve, type Point } from '../ui/curve.js';
import { FormDialog } from '../ui/form-dialog.js';
import { Card, DeniedScreen, Loaded, Status, Time, type Tone } from '../ui/parts.js';
import { say } from '../ui/toasts.js';
import { useQuery } from '../use-query.js';
import { Behind } from './behind.js';
import { Jobs } from './jobs.js';
import { LastVerification } from './last-verification.js';
import { QuarantineCard } from './quarantine-card.js';
import { modelTone, type StatusDocument } from './status.js';

type Build = Schemas['Build'];
type ReadModel = Schemas['ReadModel'];

type Kind = 'rebuild' | 'verify' | 'rollback';
interface Asking {
  readonly kind: Kind;
  /** Null: all of them. */
  readonly model: string | null;
}

export function ReadModels(): VNode {
  const status = useQuery('status', async (signal) => (await api.getStatus({}, { signal })).data, {
    every: 2_000,
  });
  const models = useQuery('models', async (signal) => (await api.listReadModels({}, { signal })).data, {
    every: 2_000,
  });
  const [asking, setAsking] = useState<Asking | null>(null);
  const [started, setStarted] = useState(0);
  const isThere = status.data !== undefined;
  useEffect(() => {
    // Only now the place has its height above it.
    if (isThere && location.hash !== '') document.getElementById(location.hash.slice(1))?.scrollIntoView();
  }, [isThere]);
  // The same role is needed for all that follows.
  if (status.error && isDenied(status.error)) return <DeniedScreen title="Read models" error={status.error} />;
  return (
    <div class="stack">
      <div class="spread">
        <h1>Read models</h1>
        <div class="row">
          <May call="startJob">
            <button onClick={() => setAsking({ kind: 'verify', model: null })}>Verify all</button>
            <button onClick={() => setAsking({ kind: 'rebuild', model: null })}>Rebuild all</button>
          </May>
        </div>
      </div>
      <Card title="State" flush>
        <Loaded query={status}>
          {(it) => (
            <StateTable status={it} builds={models.data ?? []} ask={(kind, model) => setAsking({ kind, model })} />
          )}
        </Loaded>
      </Card>
      {/* Not before it is known that they may be seen. */}
      {(status.data || status.error) && (
        <>
          <Jobs key={started} />
          <QuarantineCard />
          {status.data && <LagCard status={status.data} />}
          <LastVerification />
          <Card title="Builds" flush>
            <Loaded query={models}>{(all) => <Builds models={all} />}</Loaded>
          </Card>
        </>
      )}
      {asking && (
        <Question
          {...asking}
          onStarted={() => setStarted((before) => before + 1)}
          onClose={() => {
            setAsking(null);
            status.refresh();
          }}
        />
      )}
    </div>
  );
}

interface StateTableProps {
  readonly status: StatusDocument;
  readonly builds: readonly ReadModel[];
  readonly ask: (kind: Kind, model: string) => void;
}

function StateTable({ status, builds, ask }: StateTableProps): VNode {
  const activeOf = (name: string): Build | undefined =>
    builds.find((model) => model.name === name)?.builds.find(({ state }) => state === 'active');
  const hasStandby = (name: string): boolean =>
    builds.some((model) => model.name === name && model.builds.some(({ state }) => state === 'standby'));
  return (
    <div class="table-frame">
      <table class="stacks">
        <thead>
          <tr>
            <th>Name</th>
            <th>State</th>
            <th class="number">Build</th>
            <th class="number">Behind</th>
            <th class="number">Quarantined</th>
            <th>
              <span class="unseen">Actions</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {status.models.map((model) => (
            <tr key={model.name} data-model={model.name}>
              <td>
                {model.name}
                {model.error && <div class="small muted">{model.error.message}</div>}
              </td>
              <td>
                <Status tone={modelTone(model)}>{model.state}</Status>
              </td>
              <td class="number" data-label="Build">
                {activeOf(model.name)?.build ?? model.version}
              </td>
              <Behind model={model} href="#quarantine" />
              <td class="row-actions">
                <button class="small-button quiet" onClick={() => ask('rebuild', model.name)}>
                  Rebuild
                </button>
                <button class="small-button quiet" onClick={() => ask('verify', model.name)}>
                  Verify
                </button>
                <button
                  class="small-button quiet"
                  disabled={!hasStandby(model.name)}
                  onClick={() => ask('rollback', model.name)}
                >
                  Roll back
                </button>
              </td>
            </tr>
          ))}
          {(status.reactors ?? []).map((reactor) => (
            <tr key={reactor.name}>
              <td>
                {reactor.name} <span class="muted small">reactor</span>
              </td>
              <td>
                <Status tone={modelTone(reactor)}>{reactor.state}</Status>
              </td>
              <td class="number none">–</td>
              <Behind model={reactor} href="#quarantine" />
              <td class="row-actions" />
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** Measurements of this page that are kept: five minutes at one every two seconds. */
const KEPT = 150;

/** The lag of the read model that is furthest behind, since this page was opened. */
function LagCard({ status }: { status: StatusDocument }): VNode {
  const points = useRef<readonly Point[]>([]);
  const [shown, setShown] = useState<readonly Point[]>([]);
  useEffect(() => {
    const value = Math.max(0, ...status.models.map(({ lag_events }) => lag_events));
    points.current = [...points.current, { at: Date.now() / 1_000, value }].slice(-KEPT);
    setShown(points.current);
  }, [status]);
  return (
    <Card title="Lag, since this page was opened">
      {shown.length < 2 ? (
        <p class="muted small">The curve begins with the second measurement.</p>
      ) : (
        <Curve label="Events behind, of the read model that is furthest behind" points={shown} format={number} />
      )}
    </Card>
  );
}

const BUILD_TONES: Readonly<Record<Build['state'], Tone>> = { active: 'good', standby: 'ended', candidate: 'placed' };

function Builds({ models }: { models: readonly ReadModel[] }): VNode {
  return (
    <div class="table-frame">
      <table class="stacks">
        <thead>
          <tr>
            <th>Read model</th>
            <th class="number">Build</th>
            <th>State</th>
            <th class="number">Events</th>
            <th>Made</th>
            <th>Kept until</th>
          </tr>
        </thead>
        <tbody>
          {models.flatMap(({ name, builds }) =>
            builds.map((build) => (
              <tr key={`${name} ${build.build}`}>
                <td>{name}</td>
                <td class="number" data-label="Build">
                  {build.build}
                </td>
                <td>
                  <Status tone={BUILD_TONES[build.state]}>{build.state}</Status>
                </td>
                <td class="number" data-label="Events">
                  {number(build.events)}
                </td>
                <td data-label="Made">
                  <Time at={build.made_at} />
                </td>
                {build.kept_until === null ? (
                  <td class="none">–</td>
                ) : (
                  <td data-label="Kept until">
                    <Time at={build.kept_until} />
                  </td>
                )}
              </tr>
            )),
          )}
        </tbody>
      </table>
    </div>
  );
}

const TEXTS: Readonly<Record<Kind, readonly [title: string, submit: string, text: string]>> = {
  rebuild: [
    'Rebuild',
    'Rebuild',
    'A candidate build is made from the log, checked, and then switched to. Readers notice nothing. The build of today stays as standby for an hour.',
  ],
  verify: ['Verify', 'Verify', 'The log is projected once more, and every row is compared. Nothing is changed.'],
  rollback: ['Roll back', 'Roll back', 'Readers get the standby build again, at the same position of the log.'],
};

function Question({ kind, model, onStarted, onClose }: Asking & { onStarted: () => void; onClose: () => void }): VNode {
  const [title, submit, text] = TEXTS[kind];
  return (
    <FormDialog
      title={`${title} ${model ?? 'all read models'}?`}
      submit={submit}
      onClose={onClose}
      onSubmit={async (_fields, options) => {
        await api.startJob({ kind, ...(model !== null && { model }) }, options);
        say('The job is started.');
        onStarted();
      }}
    >
      <p class="muted">{text}</p>
    </FormDialog>
  );
}
