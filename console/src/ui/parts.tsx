/** Small parts that every screen is made of. */
import type { ComponentChildren, VNode } from 'preact';
import { isBehind, isDenied, NoAnswerError, ProblemError } from '../api.js';
import { money, number, shortId, timeParts, utc } from '../format.js';
import type { OrderStatus } from '../types.js';

export type Tone = 'placed' | 'good' | 'ended' | 'warn' | 'bad' | 'plain';

/** A state by word and color. */
export function Status({ tone, children }: { tone: Tone; children: ComponentChildren }): VNode {
  return (
    <span class="status" data-tone={tone}>
      {children}
    </span>
  );
}

const ORDER_TONES: Readonly<Record<OrderStatus, Tone>> = { placed: 'placed', paid: 'good', cancelled: 'ended' };

export const OrderBadge = ({ status }: { status: OrderStatus }): VNode => (
  <Status tone={ORDER_TONES[status]}>{status}</Status>
);

/** In the reader's zone; UTC on hover. Where there is little room, the day stands above the time of day. */
export function Time({ at, exact }: { at: string; exact?: boolean }): VNode {
  const [day, clock] = timeParts(at, exact === true);
  return (
    <time dateTime={at} title={utc(at)}>
      <span class="nowrap">{day},</span> <span class="nowrap">{clock}</span>
    </time>
  );
}

export const Money = ({ amount, currency }: { amount: number; currency: string }): VNode => (
  <span class="nowrap">{money(amount, currency)}</span>
);

export const Id = ({ id }: { id: string }): VNode => (
  <span class="mono nowrap" title={id}>
    {shortId(id)}
  </span>
);

interface CardProps {
  /** Of the place that a link leads to. */
  readonly id?: string;
  readonly title: ComponentChildren;
  readonly actions?: ComponentChildren;
  readonly children: ComponentChildren;
  /** Tables go up to the border. */
  readonly flush?: boolean;
}

export function Card({ id, title, actions, children, flush }: CardProps): VNode {
  return (
    <section class="card" id={id}>
      <header>
        <h2>{title}</h2>
        {actions && <div class="row">{actions}</div>}
      </header>
      {flush ? children : <div class="card-body">{children}</div>}
    </section>
  );
}

export const Tile = ({ href, value, children }: TileProps): VNode => (
  <a class="tile" href={href}>
    <span>{children}</span>
    <strong>{number(value)}</strong>
  </a>
);

interface TileProps {
  readonly href: string;
  readonly value: number;
  /** What is counted. */
  readonly children: ComponentChildren;
}

export const Busy = (): VNode => (
  <p class="busy" role="status">
    Loading…
  </p>
);

/** Nothing to show, and what to do next. */
export function Empty({ title, children }: { title: string; children?: ComponentChildren }): VNode {
  return (
    <div class="empty">
      <strong>{title}</strong>
      {children}
    </div>
  );
}

/** What the API refused, in its own words, with every fault of the input. */
export function Failure({ error, retry }: { error: Error; retry?: () => void }): VNode {
  if (isBehind(error)) {
    return (
      <p class="note" role="status">
        {reasonOf(error)} This page asks again until it is there.
      </p>
    );
  }
  const problem = error instanceof ProblemError ? error : null;
  const denied = isDenied(error);
  // The same question gets the same answer.
  const isFinal = denied || problem?.status === 400;
  return (
    <div class="note" data-tone={denied ? 'warn' : 'bad'} role="alert">
      <strong>{denied ? 'Your key may not do this. ' : ''}</strong>
      {reasonOf(error)}
      {problem?.errors.some(({ message }) => !problem.detail.includes(message)) && (
        <ul>
          {problem.errors.map(({ path, message }) => (
            <li key={path + message}>
              <span class="mono">{path}</span> {message}
            </li>
          ))}
        </ul>
      )}
      {retry && !isFinal && (
        <p>
          <button class="small-button" onClick={retry}>
            Try again
          </button>
        </p>
      )}
    </div>
  );
}

export function reasonOf(error: Error): string {
  if (error instanceof NoAnswerError) return 'Orderlog cannot be reached. Check that it runs, then try again.';
  if (!(error instanceof ProblemError)) return error.message;
  // The API speaks of a header, which a person does not send.
  if (error.code === 'unauthenticated')
    return 'Orderlog does not accept this key. It may be mistyped, expired or revoked.';
  return error.detail;
}

/** A screen that the role of the key can't see: it says why once, and has nothing to press. */
export const DeniedScreen = ({ title, error }: { title: string; error: Error }): VNode => (
  <div class="stack">
    <h1>{title}</h1>
    <Failure error={error} />
  </div>
);

/** For what the role of a key can't see at all: one note, instead of one in each place. */
export const NotShown = ({ what, error }: { what: string; error: Error }): VNode => (
  <p class="note" role="status">
    <strong>{what} not shown.</strong> {reasonOf(error)}
  </p>
);

interface LoadedProps<T> {
  /** What the address names, and the way to others: for an address that leads nowhere. */
  readonly named?: { readonly what: string; readonly id: string; readonly list: readonly [href: string, text: string] };
  readonly query: { readonly data: T | undefined; readonly error: Error | undefined; readonly refresh: () => void };
  readonly children: (data: T) => ComponentChildren;
}

/** Loading, failed or there. What was there before stays beside a later failure. */
export function Loaded<T>({ named, query, children }: LoadedProps<T>): VNode {
  const { data, error, refresh } = query;
  if (named && namesNothing(error)) return <NoSuch {...named} />;
  return (
    <>
      {error && <Failure error={error} retry={refresh} />}
      {data === undefined ? !error && <Busy /> : children(data)}
    </>
  );
}

/** There is nothing at the address: no such thing, or an id that nothing can have. */
const namesNothing = (error: Error | undefined): boolean =>
  error instanceof ProblemError &&
  (error.code.endsWith('-not-found') ||
    (error.errors.length > 0 && error.errors.every(({ path }) => path.startsWith('path.'))));

const NoSuch = ({ what, id, list: [href, text] }: NonNullable<LoadedProps<unknown>['named']>): VNode => (
  <div class="empty" role="alert">
    <strong>
      There is no {what} with the id “{id}”.
    </strong>
    <p>
      <a href={href}>{text}</a> · or find it with the search above
    </p>
  </div>
);

interface FieldProps {
  readonly label: string;
  readonly hint?: string;
  readonly children: ComponentChildren;
}

export function Field({ label, hint, children }: FieldProps): VNode {
  return (
    <label class="field">
      {label}
      {children}
      {hint && <small>{hint}</small>}
    </label>
  );
}

export function Bar({ part, label }: { part: number; label: string }): VNode {
  const percent = Math.round(Math.min(1, Math.max(0, part)) * 100);
  return (
    <div
      class="bar"
      role="progressbar"
      aria-label={label}
      aria-valuenow={percent}
      aria-valuemin={0}
      aria-valuemax={100}
    >
      <span style={{ width: `${percent}%` }} />
    </div>
  );
}
