/** A verification of a bounded size: a job keeps it. */
import { type Engine, print } from '../engine/index.js';

type Verified = Awaited<ReturnType<Engine['verify']>>;

/** Differences of a model, findings of a check, and notes. */
const MOST = 200;
/** Characters of a value, a key or a finding. */
const MOST_OF_A_TEXT = 500;

/** `left_out` counts what is not there: of each model and check that has more, and of the notes. */
export function brief(verified: Verified): Verified {
  const models = verified.models.map((model) => ({
    ...model,
    differences: model.differences.slice(0, MOST).map((difference) => ({
      ...difference,
      key: print.shortened(difference.key, MOST_OF_A_TEXT),
      live: shortened(difference.live),
      replayed: shortened(difference.replayed),
    })),
    ...leftOut(model.differences.length),
  }));
  const checks = verified.checks.map((check) => ({
    ...check,
    ...leftOut(check.findings.length),
    findings: texts(check.findings),
  }));
  return { ...verified, models, checks, notes: texts(verified.notes), ...leftOut(verified.notes.length) };
}

function texts(all: readonly string[]): string[] {
  return all.slice(0, MOST).map((text) => print.shortened(text, MOST_OF_A_TEXT));
}

function shortened(value: string | null): string | null {
  return value === null ? null : print.shortened(value, MOST_OF_A_TEXT);
}

function leftOut(length: number): { readonly left_out?: number } {
  return length > MOST ? { left_out: length - MOST } : {};
}
