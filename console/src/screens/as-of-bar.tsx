/** Chooses a moment of the past: by a slider over a span, or exactly. */
import type { VNode } from 'preact';
import { useEffect, useMemo, useState } from 'preact/hooks';
import { api, ProblemError } from '../api.js';
import { exactTime, isoOf, localOf, shortId, utc } from '../format.js';
import { Field } from '../ui/parts.js';
import { useQuery } from '../use-query.js';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const SPANS = [
  ['the last hour', HOUR],
  ['the last day', DAY],
  ['the last week', 7 * DAY],
  ['the last month', 30 * DAY],
  ['the last year', 365 * DAY],
] as const;
type Span = (typeof SPANS)[number] | readonly ['the whole history', number];
const STEPS = 1_000;
/** How long the slider must rest before the past is asked for. */
const REST_MS = 300;

interface AsOfBarProps {
  readonly asOf: string | undefined;
  readonly isLoading: boolean;
  /** Null: now. */
  readonly onChange: (asOf: string | null) => void;
}

export function AsOfBar({ asOf, isLoading, onChange }: AsOfBarProps): VNode {
  const end = useMemo(() => Date.now(), []);
  const begin = useQuery('the first category', firstRecorded).data;
  const spans: readonly Span[] = begin ? [['the whole history', end - Date.parse(begin)], ...SPANS] : SPANS;
  const [chosen, setChosen] = useState<string | null>(null);
  const [name, span] = spans.find((one) => one[0] === chosen) ?? (begin ? spans[0] : undefined) ?? spanFor(asOf, end);
  const stepOf = (moment: string | undefined): number =>
    Math.max(0, Math.round(STEPS - ((end - (timeIn(moment) ?? end)) / span) * STEPS));
  // Where the slider was moved to, until it rests: nothing that arrives meanwhile moves it back.
  const [moved, setMoved] = useState<number | null>(null);
  const timeOf = (at: number): string | null =>
    at >= STEPS ? null : new Date(end - ((STEPS - at) / STEPS) * span).toISOString();
  const go = (next: string | null): void => {
    setMoved(null);
    onChange(next);
  };
  useEffect(() => {
    if (moved === null) return;
    const timer = setTimeout(() => go(timeOf(moved)), REST_MS);
    return () => clearTimeout(timer);
  }, [moved]);
  const shown = moved === null ? (asOf ?? null) : timeOf(moved);
  return (
    <section class="card as-of" aria-label="Time travel">
      <label class="as-of-slider">
        <span class="unseen">As of</span>
        <input
          type="range"
          min={0}
          max={STEPS}
          value={moved ?? stepOf(asOf)}
          aria-valuetext={shown === null ? 'now' : textOf(shown)}
          onInput={({ currentTarget }) => setMoved(Number(currentTarget.value))}
        />
      </label>
      <div class="as-of-line">
        <div class="as-of-text">
          <div>
            <p aria-live="polite">
              {shown === null ? (
                <strong>Now</strong>
              ) : (
                <>
                  As of <strong title={timeIn(shown) === null ? shown : utc(shown)}>{textOf(shown)}</strong>
                </>
              )}
            </p>
            <p class="muted small">
              {shown === null
                ? 'Move the slider to see totals and counts as they were.'
                : isLoading
                  ? 'Reading the log…'
                  : 'By recorded time: an import counts from when it ran.'}
            </p>
          </div>
          <button disabled={shown === null} onClick={() => go(null)}>
            Back to now
          </button>
        </div>
        <div class="filters">
          <Field label="Slider covers">
            <select
              value={name}
              onChange={({ currentTarget }) => {
                setMoved(null);
                setChosen(currentTarget.value);
              }}
            >
              {spans.map(([one]) => (
                <option key={one} value={one}>
                  {one}
                </option>
              ))}
            </select>
          </Field>
          <Field label="Exact time">
            <input
              type="datetime-local"
              step={1}
              value={timeIn(asOf) === null ? '' : localOf(asOf, true)}
              onChange={({ currentTarget: { value } }) => go(isoOf(value))}
            />
          </Field>
        </div>
      </div>
    </section>
  );
}

/** A moment of the past is a time, or a position of the log as the API names it: then null. So is what is neither. */
function timeIn(moment: string | undefined): number | null {
  const time = moment !== undefined && /^\d{4}-\d\d-\d\dT/.test(moment) ? Date.parse(moment) : Number.NaN;
  return Number.isNaN(time) ? null : time;
}

const textOf = (moment: string): string =>
  timeIn(moment) === null ? `position ${shortId(moment)}` : exactTime(moment);

/** When the catalog began; null if it is empty, or if the reader may not know. */
async function firstRecorded(signal: AbortSignal): Promise<string | null> {
  try {
    return (await api.listCategoryEvents({ limit: 1 }, { signal })).data[0]?.recorded_at ?? null;
  } catch (error) {
    if (error instanceof ProblemError) return null;
    throw error;
  }
}

/** The shortest span that holds the moment. */
function spanFor(asOf: string | undefined, end: number): Span {
  const age = end - (timeIn(asOf) ?? end - DAY);
  return SPANS.find(([, length]) => length >= age) ?? ['the last year', 365 * DAY];
}
