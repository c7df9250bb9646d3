/** Chooses a moment of the past: by a slider over a span, or exactly. */
import type { VNode } from 'preact';
import { useEffect, useMemo, useState } from 'preact/hooks';
import { exactTime, utc } from '../format.js';
import { Field } from '../ui/parts.js';

const HOUR = 3_600_000;
const SPANS = [
  ['hour', HOUR],
  ['day', 24 * HOUR],
  ['week', 7 * 24 * HOUR],
  ['month', 30 * 24 * HOUR],
  ['year', 365 * 24 * HOUR],
] as const;
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
  const [span, setSpan] = useState<number>(() => spanFor(asOf, end));
  const stepOf = (iso: string | undefined): number =>
    iso === undefined ? STEPS : Math.max(0, Math.round(STEPS - ((end - Date.parse(iso)) / span) * STEPS));
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
          aria-valuetext={shown === null ? 'now' : exactTime(shown)}
          onInput={({ currentTarget }) => setMoved(Number(currentTarget.value))}
        />
      </label>
      <div class="as-of-line">
        <p aria-live="polite">
          {shown === null ? (
            <strong>Now</strong>
          ) : (
            <>
              As of <strong title={utc(shown)}>{exactTime(shown)}</strong>
              {isLoading && <span class="muted"> – reading the log…</span>}
            </>
          )}
        </p>
        <div class="filters">
          <Field label="Slider covers the last">
            <select
              value={span}
              onChange={({ currentTarget }) => {
                setMoved(null);
                setSpan(Number(currentTarget.value));
              }}
            >
              {SPANS.map(([name, length]) => (
                <option key={name} value={length}>
                  {name}
                </option>
              ))}
            </select>
          </Field>
          <Field label="Exact time">
            <input
              type="datetime-local"
              step={1}
              onChange={({ currentTarget: { value } }) => {
                if (value !== '') go(new Date(value).toISOString());
              }}
            />
          </Field>
          <button disabled={shown === null} onClick={() => go(null)}>
            Back to now
          </button>
        </div>
      </div>
    </section>
  );
}

/** The shortest span that holds the moment. */
function spanFor(asOf: string | undefined, end: number): number {
  const age = asOf === undefined ? 24 * HOUR : end - Date.parse(asOf);
  return (SPANS.find(([, length]) => length >= age) ?? SPANS[SPANS.length - 1])?.[1] ?? HOUR;
}
