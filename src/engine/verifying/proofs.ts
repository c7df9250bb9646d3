/** Checks of the application beside the comparison: each notes what it needs of the events, and asks about it in the end. */
import type pg from 'pg';
import type { CopiedRows } from '../builds/bulk.js';
import type { Witness } from '../builds/load.js';
import type { LoadTarget } from '../builds/load-target.js';
import type { RecordedEvent } from '../core/message.js';
import type { Proof, ProofNotes } from '../projecting/projection.js';

export interface Proved {
  readonly check: string;
  readonly findings: readonly string[];
  readonly notes: readonly string[];
}

interface UnderWay {
  readonly proof: Proof;
  readonly target: LoadTarget;
  /** The schema of its tables. */
  readonly schema: string;
  readonly noted: ProofNotes;
}

const MOST = 100;

/** Sees the events for another witness too. */
export class Proofs implements Witness {
  readonly schema: string;
  readonly staging: string;
  readonly #underWay: readonly UnderWay[];

  constructor(
    readonly log: Witness,
    targets: readonly LoadTarget[],
  ) {
    this.schema = log.schema;
    this.staging = log.staging;
    this.#underWay = targets.flatMap((target) => {
      const { proof } = target.projection;
      return proof ? [{ proof, target, schema: `${target.schema}_proof`, noted: proof.begin() }] : [];
    });
  }

  async makeTables(pool: pg.Pool): Promise<void> {
    for (const { proof, schema } of this.#underWay)
      await pool.query(`create schema ${schema}; ${proof.tables.replaceAll('{proof}', schema)}`);
  }

  see(event: RecordedEvent): void {
    this.log.see(event);
    for (const { target, noted } of this.#underWay) {
      if (target.until === undefined || event.position <= target.until) noted.see(event);
    }
  }

  rows(): readonly CopiedRows[] {
    const noted = this.#underWay.flatMap(({ noted, schema }) =>
      noted.rows().map((rows) => ({ ...rows, table: rows.table.replaceAll('{proof}', schema) })),
    );
    return [...this.log.rows(), ...noted];
  }

  /** Once the rows of the models are final. */
  async results(pool: pg.Pool): Promise<Proved[]> {
    const proved: Proved[] = [];
    for (const { proof, target, schema } of this.#underWay) {
      const text = proof.results.replaceAll('{proof}', schema).replaceAll('{schema}', target.schema);
      const { rows } = await pool.query<{ message: string; note: boolean }>(
        `select r.message, r.note from (${text}) r order by r.note, r.message limit ${MOST}`,
      );
      const told = (note: boolean): string[] => rows.filter((row) => row.note === note).map(({ message }) => message);
      proved.push({ check: proof.check, findings: told(false), notes: told(true) });
    }
    return proved;
  }
}
