/** Findings by the million: the first few of each kind and the newest are in memory, the others in a file without a name. */
import { randomUUID } from 'node:crypto';
import { closeSync, openSync, readSync, unlinkSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { IMPORT_FILES } from './files.js';

/** What is wrong at one place of an import file. */
export interface Finding {
  /** Name of the file as it stands in the folder. */
  readonly file: string;
  /** Real line of the file on which the row starts; the first is 1 (the header of a CSV file). 0: the file as a whole. */
  readonly line: number;
  /** Column of a CSV file, JSON path of an order (`items[2].quantity`, `$` for the whole), empty for the row as a whole. */
  readonly column: string;
  /** As it stands in the file, shortened. */
  readonly value: string;
  readonly message: string;
}

/** Findings that say the same of other rows. */
export interface Kind {
  count: number;
  readonly first: Finding[];
}

const IN_MEMORY = 20_000;
const FIRST = 3;
/** Names of fields are up to the file, and may all differ. */
const MOST_KINDS = 200;
const OTHERS = 'others';
const PIECE = 64 * 1024;

/** They are read by file in the order of their use, then by line. */
export class Findings implements Iterable<Finding> {
  length = 0;
  /** Rows that have findings. */
  rows = 0;
  /** What is no fault but may not be meant. */
  readonly notes: string[] = [];
  readonly #kinds = new Map<string, Kind>();
  #recent: Finding[] = [];
  /** Where each sorted part of the file ends. */
  readonly #ends: number[] = [];
  #file: number | null = null;

  constructor(private readonly inMemory = IN_MEMORY) {}

  add(finding: Finding): void {
    this.length++;
    this.#recent.push(finding);
    if (this.#recent.length >= this.inMemory) this.#putAway();
    const key = kindOf(finding);
    let kind = this.#kinds.get(key) ?? (this.#kinds.size < MOST_KINDS ? undefined : this.#kinds.get(OTHERS));
    if (!kind) {
      kind = { count: 0, first: [] };
      this.#kinds.set(this.#kinds.size < MOST_KINDS - 1 ? key : OTHERS, kind);
    }
    kind.count++;
    if (kind.first.length < FIRST) kind.first.push(finding);
  }

  get kinds(): readonly Kind[] {
    return [...this.#kinds.values()];
  }

  *[Symbol.iterator](): Iterator<Finding> {
    const parts = [
      ...this.#ends.map((end, i) => this.#part(this.#ends[i - 1] ?? 0, end)),
      sorted(this.#recent).values(),
    ];
    const heads = parts.map((part) => part.next());
    for (;;) {
      let first = -1;
      heads.forEach((head, i) => {
        const least = heads[first];
        if (!head.done && (!least || least.done || byFileThenLine(head.value, least.value) < 0)) first = i;
      });
      const head = heads[first];
      if (!head || head.done) return;
      yield head.value;
      heads[first] = (parts[first] as IterableIterator<Finding>).next();
    }
  }

  /** Its file goes with it. */
  close(): void {
    if (this.#file !== null) closeSync(this.#file);
    this.#file = null;
  }

  #putAway(): void {
    this.#file ??= withoutName();
    let end = this.#ends.at(-1) ?? 0;
    let text = '';
    const write = (file: number): void => {
      const bytes = Buffer.from(text);
      for (let at = 0; at < bytes.length;) at += writeSync(file, bytes, at, bytes.length - at, end + at);
      end += bytes.length;
      text = '';
    };
    for (const finding of sorted(this.#recent)) {
      text += `${JSON.stringify(finding)}\n`;
      if (text.length >= PIECE) write(this.#file);
    }
    write(this.#file);
    this.#ends.push(end);
    this.#recent = [];
  }

  *#part(start: number, end: number): IterableIterator<Finding> {
    const piece = Buffer.alloc(PIECE);
    let rest = Buffer.alloc(0);
    for (let at = start; at < end;) {
      const bytes = readSync(this.#file as number, piece, 0, Math.min(PIECE, end - at), at);
      if (bytes === 0) throw new Error('the file of the findings is cut off');
      at += bytes;
      const text = Buffer.concat([rest, piece.subarray(0, bytes)]);
      let from = 0;
      for (let to = text.indexOf(10); to !== -1; to = text.indexOf(10, from)) {
        yield JSON.parse(text.toString('utf8', from, to)) as Finding;
        from = to + 1;
      }
      rest = text.subarray(from);
    }
  }
}

/** It may hold names and addresses: only this process reads it, and it is gone with the process. */
function withoutName(): number {
  const path = join(tmpdir(), `orderlog-findings-${randomUUID()}`);
  const file = openSync(path, 'wx+', 0o600);
  unlinkSync(path);
  return file;
}

/** What differs between the findings of a kind stands behind the first colon of their messages, or is a number. */
function kindOf({ file, column, message }: Finding): string {
  const what = message.replace(/:.*/s, '').replace(/\d+/g, '0');
  return [file, what === 'unknown field' ? '' : column.replace(/\[\d+\]/g, '[]'), what].join('\n');
}

function sorted(findings: readonly Finding[]): Finding[] {
  return [...findings].sort(byFileThenLine);
}

function byFileThenLine(a: Finding, b: Finding): number {
  return rankOf(a.file) - rankOf(b.file) || a.line - b.line;
}

function rankOf(file: string): number {
  return IMPORT_FILES.findIndex((name) => file === name || file === `${name}.gz`);
}
