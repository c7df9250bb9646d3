import { realpath, stat } from 'node:fs/promises';
import { isAbsolute, join, sep } from 'node:path';
import { csvRows } from './csv.js';
import type { RowFaults } from './finding.js';
import type { Check, Checked } from './plan.js';
import { type Partly, readUser, USER_COLUMNS, type UserRow, whole } from './rows.js';
import type { StoredUser } from './stored.js';

export interface CheckedUsers extends Checked<UserRow> {
  /** References of bad rows: what depends on them is bad too. */
  readonly leftOut: ReadonlySet<string>;
  /** References of the rows that will be registered; the rest is stored, left out or unknown. */
  readonly fresh: ReadonlySet<string>;
}

export async function checkUsers(check: Check): Promise<CheckedUsers> {
  const source = check.sources['users.csv'];
  const { options, stored } = check;
  const leftOut = new Set<string>();
  const fresh = new Set<string>();
  if (!source) return { rows: [], skipped: 0, leftOut, fresh };
  const owners = new Map<string, string>();
  for (const [id, user] of stored.users) if (user) owners.set(options.comparableEmail(user.email), id);
  const rows: UserRow[] = [];
  const lineOf = new Map<string, number>();
  let skipped = 0;
  for await (const csvRow of csvRows(check, source, USER_COLUMNS)) {
    options.progress?.advance();
    if (csvRow.misaligned) continue;
    const { faults } = csvRow;
    const read = readUser(csvRow, options.userIdFor);
    const { user_ref: ref } = read;
    const first = ref === undefined ? undefined : lineOf.get(ref);
    if (first !== undefined)
      faults.add('user_ref', ref ?? '', `duplicate reference: it stands on line ${first} already`);
    else if (ref !== undefined) lineOf.set(ref, faults.line);
    const known = read.user_id === undefined ? undefined : stored.users.get(read.user_id);
    if (known === null && !faults.any) {
      skipped++;
      continue;
    }
    if (first === undefined) checkEmail(read, owners, options.comparableEmail, faults);
    if (known && first === undefined) compare(read, known, faults);
    const id_proof = known === undefined && first === undefined ? await checkIdProof(check, read, faults) : null;
    const row = whole<UserRow>(read, faults);
    if (row && known && !row.erased) skipped++;
    else if (row) {
      rows.push({ ...row, id_proof });
      fresh.add(row.user_ref);
    } else if (ref !== undefined && first === undefined && !known) leftOut.add(ref);
  }
  return { rows, skipped, leftOut, fresh };
}

function compare(row: Partly<UserRow>, known: NonNullable<StoredUser>, faults: RowFaults): void {
  if (row.erased) {
    // An interrupted import has registered the user with the name and address of those that it erases in the end.
    const isToBeErased = known.name === row.name && known.email === row.email;
    if (!isToBeErased) faults.add('status', 'erased', 'differs from what is stored: active');
    return;
  }
  for (const column of ['name', 'email', 'registered_at'] as const) {
    const value = row[column] ?? null;
    if (value !== null && value !== known[column]) faults.add(column, value, 'differs from what is stored');
  }
  // The other way round, the proof was put in another way meanwhile.
  if (row.id_proof && !known.has_id_proof) faults.add('id_proof', row.id_proof, 'differs from what is stored: none');
}

function checkEmail(
  row: Partly<UserRow>,
  owners: Map<string, string>,
  comparable: (email: string) => string,
  faults: RowFaults,
): void {
  if (row.email === undefined) return;
  const email = comparable(row.email);
  const own = row.user_id ?? `line ${row.line}`;
  const owner = owners.get(email) ?? own;
  if (owner === own) owners.set(email, own);
  else faults.add('email', row.email, 'duplicate e-mail: it belongs to another user');
}

/** The absolute path of a row's proof, which stands below the folder whatever links lead to it; null: none, or bad. */
async function checkIdProof(check: Check, row: Partly<UserRow>, faults: RowFaults): Promise<string | null> {
  const given = row.id_proof ?? null;
  if (given === null) return null;
  const refused = (message: string): null => {
    faults.add('id_proof', given, message);
    return null;
  };
  if (isAbsolute(given) || given.split(/[/\\]/).includes('..')) return refused('is not a path below the folder');
  if (given.includes('\0')) return refused('is not a path');
  let path: string;
  try {
    path = await realpath(join(check.dir, given));
    if (!path.startsWith((await realpath(check.dir)) + sep)) return refused('leads out of the folder');
    if (!(await stat(path)).isFile()) return refused('is not a file');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? '';
    if (!['ENOENT', 'ENOTDIR', 'ENAMETOOLONG', 'ELOOP', 'EACCES'].includes(code)) throw error;
    return refused('there is no such file');
  }
  const verdict = (await check.options.judgeIdProof?.(path)) ?? null;
  return verdict === null ? path : refused(verdict);
}
