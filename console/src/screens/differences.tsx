/** What a verification compared, and every value that differs. */
import type { VNode } from 'preact';
import { number, seconds } from '../format.js';
import { Status } from '../ui/parts.js';

export interface VerifyResult {
  readonly ok: boolean;
  readonly models: readonly {
    readonly name: string;
    readonly rows: number;
    readonly events: number;
    readonly seconds: number;
    /** Differences that the server left out of a long list. */
    readonly left_out?: number;
    readonly differences: readonly {
      readonly table: string;
      readonly key: string;
      readonly column: string;
      readonly live: unknown;
      readonly replayed: unknown;
    }[];
  }[];
  readonly checks: readonly { readonly check: string; readonly ok: boolean; readonly findings: readonly unknown[] }[];
  readonly notes?: readonly string[];
}

export function Differences({ result: { models, checks, notes } }: { result: VerifyResult }): VNode {
  const differences = models.flatMap((model) => model.differences.map((one) => ({ model: model.name, ...one })));
  const failing = checks.filter(({ ok }) => !ok);
  return (
    <div class="stack-tight">
      <div class="table-frame">
        <table class="stacks">
          <thead>
            <tr>
              <th>Read model</th>
              <th class="number">Rows compared</th>
              <th class="number">Events</th>
              <th class="number">Time</th>
              <th class="number">Differences</th>
            </tr>
          </thead>
          <tbody>
            {models.map((model) => (
              <tr key={model.name}>
                <td>{model.name}</td>
                <td class="number" data-label="Rows compared">
                  {number(model.rows)}
                </td>
                <td class="number" data-label="Events">
                  {number(model.events)}
                </td>
                <td class="number" data-label="Time">
                  {seconds(model.seconds)}
                </td>
                <td class="number" data-label="Differences">
                  {model.differences.length === 0 ? (
                    <Status tone="good">none</Status>
                  ) : (
                    <Status tone="bad">{number(model.differences.length + (model.left_out ?? 0))}</Status>
                  )}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {differences.length > 0 && (
        <div class="table-frame">
          <table class="stacks">
            <thead>
              <tr>
                <th>Table</th>
                <th>Key</th>
                <th>Column</th>
                <th>Live</th>
                <th>From the log</th>
              </tr>
            </thead>
            <tbody>
              {differences.map(({ model, table, key, column, live, replayed }) => (
                <tr key={`${model} ${table} ${key} ${column}`}>
                  <td>
                    {model}.{table}
                  </td>
                  <td class="mono" data-label="Key">
                    {key}
                  </td>
                  <td data-label="Column">{column}</td>
                  <td class="mono" data-label="Live">
                    {text(live)}
                  </td>
                  <td class="mono" data-label="From the log">
                    {text(replayed)}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {failing.map(({ check, findings }) => (
        <div key={check} class="note" data-tone="bad">
          <strong>{check}</strong>
          <ul>
            {findings.map((finding, at) => (
              <li key={at}>{text(finding)}</li>
            ))}
          </ul>
        </div>
      ))}
      {notes?.map((note) => (
        <p key={note} class="note">
          {note}
        </p>
      ))}
    </div>
  );
}

const text = (value: unknown): string =>
  value === null || value === undefined ? '–' : typeof value === 'string' ? value : JSON.stringify(value);
