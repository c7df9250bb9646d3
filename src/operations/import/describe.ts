import type { CommandResult } from '../output.js';
import type { Finding } from './finding.js';
import type { ImportResult } from './run.js';

/** What an import came to, for people and for programs. Findings make it 1. */
export function describeImport(result: ImportResult, dryRun: boolean): CommandResult {
  const { appended, skipped, seconds, findings } = result;
  const done = dryRun
    ? `checked in ${seconds} s, nothing appended (dry run), ${skipped} rows are stored already`
    : `${appended} events appended, ${skipped} rows skipped (stored already), ${seconds} s`;
  const lines = [...findings.map(findingLine), ...(findings.length > 0 ? [`${findings.length} findings`] : []), done];
  return { document: result, text: lines.join('\n'), exitCode: findings.length > 0 ? 1 : 0 };
}

/** `users.csv:3: email "nobody": is not an e-mail address` */
function findingLine({ file, line, column, value, message }: Finding): string {
  const place = line > 0 ? `${file}:${line}` : file;
  const what = [column, value === '' ? '' : JSON.stringify(value)].filter((part) => part !== '').join(' ');
  return what === '' ? `${place}: ${message}` : `${place}: ${what}: ${message}`;
}
