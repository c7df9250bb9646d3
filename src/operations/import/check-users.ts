import { realpath, stat } from 'node:fs/promises';
import { isAbsolute, join, sep } from 'node:path';
import { csvRows } from './csv.js';
import type { RowFaults } from './finding.js';
import type { Check, Checked } from './plan.js';
import { readUser, USER_COLUMNS, type UserRow } from './rows.js';

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
    const { faults } = csvRow;
    const { id: ref, row } = readUser(csvRow, (userRef) => options.deriveId('user', userRef));
    if (ref === null) continue;
    const first = lineOf.get(ref);
    if (first !== undefined) {
      faults.add('user_ref', ref, `duplicate reference: it stands on line ${first} already`);
      continue;
    }
    lineOf.set(ref, faults.line);
    const known = row ? stored.users.get(row.user_id) : undefined;
    if (known === null) {
      skipped++;
      continue;
    }
    if (row) checkEmail(row, owners, options.comparableEmail, faults);
    if (row && known) {
      for (const column of ['name', 'email'] as const) {
        if (row[column] !== known[column]) faults.add(column, row[column], 'differs from what is stored');
      }
      // The other way round, the proof was put in another way meanwhile.
      if (row.id_proof !== null && !known.has_id_proof) {
        faults.add('id_proof', row.id_proof, 'differs from what is stored: none');
      }
    }
    const proof = row && !known ? await checkIdProof(check, row, faults) : null;
    if (!row || faults.any) {
      if (!known) leftOut.add(ref);
    } else if (known) skipped++;
    else {
      rows.push({ ...row, id_proof: proof });
      fresh.add(ref);
    }
  }
  return { rows, skipped, leftOut, fresh };
}

function checkEmail(
  row: UserRow,
  owners: Map<string, string>,
  comparable: (email: string) => string,
  faults: RowFaults,
): void {
  const email = comparable(row.email);
  const owner = owners.get(email);
  if (owner !== undefined && owner !== row.user_id) {
    faults.add('email', row.email, 'duplicate e-mail: it belongs to another user');
  } else owners.set(email, row.user_id);
}

/** The absolute path of a row's proof, which stands below the folder whatever links lead to it; null: none, or bad. */
async function checkIdProof(check: Check, row: UserRow, faults: RowFaults): Promise<string | null> {
  const given = row.id_proof;
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
