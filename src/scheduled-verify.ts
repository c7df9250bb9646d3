/** Verifies now and then, as `orderlog verify` in a process of its own: it takes its time, and not that of requests. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Gauge, type Registry } from 'prom-client';
import type { Engine } from './engine/index.js';
import type { RunCommand } from './ops/jobs/command-runner.js';

/** What is read of the answer of `orderlog verify --json`. */
interface Answer {
  readonly ok: boolean;
  readonly models: readonly { readonly name: string; readonly differences: readonly object[] }[];
  readonly checks: readonly { readonly check: string; readonly findings: readonly object[] }[];
}

export interface Schedule {
  readonly everySeconds: number;
  readonly run: RunCommand;
  readonly log: Engine['log'];
  readonly signal: AbortSignal;
}

/** Ends with the signal; never rejects. */
export async function verifyNowAndThen(metrics: Registry, { everySeconds, run, log, signal }: Schedule): Promise<void> {
  const told = gauges(metrics);
  while (!signal.aborted) {
    await sleep(everySeconds * 1_000, undefined, { signal }).catch(() => undefined);
    if (signal.aborted) return;
    try {
      const answer = await verifyOnce(run, signal);
      if (!answer) continue;
      told(answer);
      const fields = { models: answer.models.filter(({ differences }) => differences.length > 0) };
      if (answer.ok) log.info({}, 'the read models were verified');
      else log.error(fields, 'the read models are not what the log says: run orderlog verify');
    } catch (error) {
      log.warn(
        { message: error instanceof Error ? error.message : String(error) },
        'the read models could not be verified',
      );
    }
  }
}

/** Null when it was cut short by the signal. */
async function verifyOnce(run: RunCommand, signal: AbortSignal): Promise<Answer | null> {
  const { document, exitCode, remark } = await run(['verify', '--json'], { signal });
  if (signal.aborted) return null;
  if (document?.['models'] && document['checks']) return document as unknown as Answer;
  throw new Error(`orderlog verify ended with ${exitCode}: ${remark}`);
}

function gauges(metrics: Registry): (answer: Answer) => void {
  const registers = [metrics];
  const differences = new Gauge({
    ...{ name: 'orderlog_verify_differences', help: 'Values that the last verification found other than the log says' },
    ...{ labelNames: ['model'] as const, registers },
  });
  const findings = new Gauge({
    ...{ name: 'orderlog_verify_findings', help: 'What a further check of the last verification found' },
    ...{ labelNames: ['check'] as const, registers },
  });
  const at = new Gauge({
    ...{ name: 'orderlog_verify_timestamp_seconds', help: 'When the read models were last verified' },
    registers,
  });
  return (answer) => {
    for (const model of answer.models) differences.set({ model: model.name }, model.differences.length);
    for (const check of answer.checks) findings.set({ check: check.check }, check.findings.length);
    at.setToCurrentTime();
  };
}
