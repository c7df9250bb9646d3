import { dirname } from 'node:path';
import { Option } from 'commander';
import { errors, print } from '../engine/index.js';
import { DocumentsUnavailable } from '../documents/document-storage.js';
import { isExhausted } from '../documents/system-errors.js';
import * as outlets from './outlet.js';
import { type Outlet, OutputLost } from './outlet.js';

/** 0 done, 1 a finding or an error, 2 wrong use, 3 a needed server is not reachable, or disk space or another means is used up. */
export type ExitCode = 0 | 1 | 2 | 3;

/** The command was called with something that can't be meant. */
export class WrongUse extends Error {
  override readonly name = 'WrongUse';
}

/**
 * An error of the file system on a path that a person named, as wrong use that says why. Others stay what they are, and so does one that
 * says that another means than disk space is used up.
 * @param cannot what can't be done with the path
 */
export function unusablePath(error: unknown, named: string, cannot: string): unknown {
  if (!(error instanceof Error) || error instanceof WrongUse) return error;
  const { code, path, syscall } = error as NodeJS.ErrnoException;
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    // The file may lie on another disk than the path that was named.
    const full = path === undefined ? named : dirname(path);
    return new Error(`${error.message}: make room on the disk of ${full}`, { cause: error });
  }
  // No folder can be made where it was named. A disk that takes no more writes is another thing.
  const isReadOnly = code === 'EROFS' && syscall === 'mkdir';
  if (isExhausted(error) && !isReadOnly) return error;
  if (code === undefined || path === undefined || !(path.startsWith(named) || named.startsWith(path))) return error;
  const message = `${path} can not be ${cannot} (${code}): name another path, or give this user the right to it`;
  return new WrongUse(message, { cause: error });
}

/** A server that the command needs does not answer. */
export class ServerUnreachable extends Error {
  override readonly name = 'ServerUnreachable';
}

/** A command failed after it had begun to print what it found: nothing more goes to standard output. */
export class PrintedInPart extends Error {
  override readonly name = 'PrintedInPart';
  constructor(cause: unknown) {
    super(cause instanceof Error ? cause.message || cause.name : String(cause), { cause });
  }
}

/** A document that may be too large for one text: it is printed as it is made. */
export class Pieces {
  constructor(readonly pieces: Iterable<string>) {}
}

/** What a command came to. */
export interface CommandResult {
  /** The one document that `--json` prints, or its pieces; undefined where the command has printed it itself, as it came. */
  readonly document: unknown;
  /** The same for people. */
  readonly text: string;
  readonly exitCode: ExitCode;
  /** What to say of it on standard error. */
  readonly remark?: string;
}

/** How long a command took, in seconds to the millisecond. @param begun by `performance.now()` */
export function secondsSince(begun: number): number {
  return Math.round(performance.now() - begun) / 1_000;
}

/** Of every command that prints a document. */
export const jsonOption = new Option('--json', 'print exactly one JSON document to standard output');

export interface Streams {
  readonly stdout: Outlet;
  readonly stderr: Outlet;
}

/**
 * Runs a command and prints what it came to. With `json`, standard output holds exactly one JSON document, even when the
 * command fails: then it is `{"error":{"name","message"}}`. All else goes to standard error.
 * @returns the code to exit with, after everything has been written
 */
export async function runCommand(
  command: () => Promise<CommandResult>,
  { json }: { readonly json: boolean },
  { stdout, stderr }: Streams = outlets,
): Promise<ExitCode> {
  try {
    const { document, text, exitCode, remark } = await command();
    if (json && document instanceof Pieces) await writeAll(stdout, document);
    else await stdout.flush(json ? jsonLine(document) : withLineEnd(text));
    if (remark !== undefined) await stderr.flush(`orderlog: ${remark}\n`).catch(() => undefined);
    return exitCode;
  } catch (error) {
    if (error instanceof OutputLost) return exitCodeOf(error);
    const { name, message } = error instanceof Error ? error : { name: 'Error', message: String(error) };
    const isDocument = json && !(error instanceof PrintedInPart);
    await stderr.flush(`orderlog: ${messageText(message || name)}\n`).catch(() => undefined);
    if (isDocument) await stdout.flush(jsonLine({ error: { name, message } })).catch(() => undefined);
    return exitCodeOf(error);
  }
}

export function exitCodeOf(error: unknown): ExitCode {
  if (error instanceof WrongUse) return 2;
  return isUnreachable(error) ? 3 : 1;
}

/** What the network and Postgres say of a server that is not there, is starting, or is going. */
const UNREACHABLE = new Set([
  ...['ECONNREFUSED', 'ECONNRESET', 'ENOTFOUND', 'EAI_AGAIN', 'ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH', 'EPIPE'],
  ...['53000', '53100', '53200', '53300', '58030'],
  ...['57P01', '57P02', '57P03', '08000', '08001', '08003', '08004', '08006'],
]);

function isUnreachable(error: unknown): boolean {
  const named = [ServerUnreachable, errors.EventStoreUnavailable, DocumentsUnavailable, OutputLost];
  if (named.some((one) => error instanceof one)) return true;
  if (isExhausted(error)) return true;
  if (error instanceof AggregateError) return error.errors.some(isUnreachable);
  if (!(error instanceof Error)) return false;
  return UNREACHABLE.has(String((error as NodeJS.ErrnoException).code)) || isUnreachable(error.cause);
}

/** Of each line of a message, which may quote anything. */
const MOST_CHARACTERS = 2_000;

/** Lines after the first stand apart: none of them can be taken for another message. */
function messageText(message: string): string {
  return message
    .split('\n')
    .map((line) => print.safe(line, MOST_CHARACTERS))
    .join('\n  ');
}

function jsonLine(document: unknown): string {
  return document === undefined ? '' : `${JSON.stringify(document)}\n`;
}

async function writeAll(stdout: Outlet, { pieces }: Pieces): Promise<void> {
  for (const piece of pieces) await stdout.flush(piece);
  await stdout.flush('\n');
}

function withLineEnd(text: string): string {
  return text === '' || text.endsWith('\n') ? text : `${text}\n`;
}
