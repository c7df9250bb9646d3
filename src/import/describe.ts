import { print } from '../engine/index.js';
import { type CommandResult, Pieces } from '../commands/output.js';
import type { Finding, Findings, Kind } from './findings.js';
import type { ImportResult } from './run.js';

/** With more findings, people see the first few of each kind. */
const MOST_LINES = 20;
const MOST_KINDS = 50;
const AT_ONCE = 200;

/** What an import came to, for people and for programs. Findings make it 1. */
export function describeImport(result: ImportResult, dryRun: boolean): CommandResult {
  const { findings } = result;
  const lines = findings.length <= MOST_LINES ? [...findings].map(findingLine) : summary(findings);
  const notes = findings.notes.map((note) => `note: ${note}`);
  const count = findings.length > 0 ? [countLine(findings)] : [];
  const text = [...lines, ...notes, ...count, doneLine(result, dryRun)].join('\n');
  return { document: new Pieces(documentOf(result)), text, exitCode: findings.length > 0 ? 1 : 0 };
}

/** A document with all findings, however many. */
function* documentOf({ appended, skipped, seconds, findings }: ImportResult): Generator<string> {
  yield JSON.stringify({ appended, skipped, seconds, findings: [] }).slice(0, -']}'.length);
  let piece: string[] = [];
  let separator = '';
  for (const finding of findings) {
    piece.push(JSON.stringify(finding));
    if (piece.length < AT_ONCE) continue;
    yield separator + piece.join();
    separator = ',';
    piece = [];
  }
  yield `${piece.length > 0 ? separator + piece.join() : ''}]}`;
}

function doneLine({ appended, skipped, seconds, refused, findings }: ImportResult, dryRun: boolean): string {
  const stored = `${print.plural(skipped, 'row')} ${skipped === 1 ? 'is' : 'are'} stored already`;
  if (dryRun) return `checked in ${seconds} s, nothing appended (dry run), ${stored}`;
  if (refused === 'tree') {
    return `nothing was appended: products need the whole category tree, so an import with faults in it is refused (${stored}, ${seconds} s)`;
  }
  if (refused === 'findings') {
    return `nothing was appended: correct the findings and import again, or leave bad rows out with --on-error report (${stored}, ${seconds} s)`;
  }
  const leftOut = findings.length > 0 ? `, ${print.plural(findings.rows, 'row')} left out` : '';
  return `${print.plural(appended, 'event')} appended, ${print.plural(skipped, 'row')} skipped (stored already)${leftOut}, ${seconds} s`;
}

function countLine(findings: Findings): string {
  const all = print.plural(findings.length, 'finding');
  return findings.length <= MOST_LINES ? all : `${all}; --json lists all of them`;
}

/** The first findings of each kind, and how many more there are. */
function summary({ kinds }: Findings): string[] {
  const lines = kinds.slice(0, MOST_KINDS).flatMap(({ count, first }: Kind) => {
    const more = count - first.length;
    return [...first.map(findingLine), ...(more > 0 ? [`    ... and ${more} more of this kind`] : [])];
  });
  const rest = kinds.slice(MOST_KINDS);
  if (rest.length === 0) return lines;
  const count = rest.reduce((sum, kind) => sum + kind.count, 0);
  return [...lines, `and ${print.plural(count, 'finding')} of other kinds`];
}

/** `users.csv:3: email "nobody": is not an e-mail address` */
function findingLine({ file, line, column, value, message }: Finding): string {
  const place = line > 0 ? `${file}:${line}` : file;
  // The value of a header cell is its column.
  const shown = value === '' ? [] : [print.quoted(value)];
  const what = column === value ? shown : [...(column === '' ? [] : [print.safe(column)]), ...shown];
  return [place, ...(what.length === 0 ? [] : [what.join(' ')]), print.safe(message)].join(': ');
}
