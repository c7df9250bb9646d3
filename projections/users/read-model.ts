import {
  type Freshness,
  type Position,
  type ReadModel,
  type Standing,
  streamName,
  type Vault,
} from '../../src/engine/index.js';
import type { UserAnswer } from '../../src/user/answer.js';
import { type UserRow, usersTable } from './projection.js';
import { idProofKey, type IdProofKey, userAnswer } from './user-answer.js';

/** The place of a user in the list: newest first by time of registration, then by log position. */
export interface UserKey {
  readonly registered_at: string;
  readonly position: Position;
}

export interface UserListOptions {
  readonly oldestFirst?: boolean | undefined;
  /** Only what comes after this user; from the first if null or left out. */
  readonly after?: UserKey | null | undefined;
  readonly limit: number;
}

/** `next` is the key that the following page goes on after. */
export interface UserList extends Standing {
  readonly users: UserAnswer[];
  readonly next: UserKey | null;
}

type ListedRow = UserRow & UserKey;

const COLUMNS = usersTable.select('u');

const ONE = `select ${COLUMNS} from {schema}.users u where u.user_id = $1::uuid`;

const NEWEST = `select ${COLUMNS} from {schema}.users u
  where (u.registered_at, u.position) < ($1::timestamptz, $2::text)
  order by u.registered_at desc, u.position desc limit $3::integer`;

const OLDEST = `select ${COLUMNS} from {schema}.users u
  where (u.registered_at, u.position) > ($1::timestamptz, $2::text)
  order by u.registered_at, u.position limit $3::integer`;

const BY_EMAIL = `select ${COLUMNS} from {schema}.users u where u.email_hash = $1::text and u.status = 'active'`;

const ERASED = `select u.user_id from {schema}.users u
  where u.status = 'erased' and u.user_id > $1::uuid order by u.user_id limit $2::integer`;
const ERASED_PAGE = 1_000;
const FIRST_ID = '00000000-0000-0000-0000-000000000000';

/** Comes before the newest, and before the oldest. */
const FROM_THE_NEWEST = { registered_at: 'infinity', position: '' };
const FROM_THE_OLDEST = { registered_at: '-infinity', position: '' };

export class Users {
  constructor(
    readonly model: ReadModel,
    readonly vault: Vault,
  ) {}

  /** @throws Refusal read-model-behind */
  async user(userId: string, freshness?: Freshness): Promise<Standing & { user: UserAnswer | null }> {
    const { row, ...standing } = await this.#one(userId, freshness);
    return { ...standing, user: row ? await userAnswer(row, this.vault) : null };
  }

  /** The user's document and what opens it; null if there is none or it can't be opened any more. */
  async idProof(userId: string, freshness?: Freshness): Promise<Standing & { idProof: IdProofKey | null }> {
    const { row, ...standing } = await this.#one(userId, freshness);
    return { ...standing, idProof: row ? await idProofKey(row, this.vault) : null };
  }

  /** All users, erased ones too, newest first unless it says otherwise. @throws Refusal read-model-behind */
  async newest({ after, limit, oldestFirst = false }: UserListOptions, freshness?: Freshness): Promise<UserList> {
    const key = after ?? (oldestFirst ? FROM_THE_OLDEST : FROM_THE_NEWEST);
    const [name, text] = oldestFirst ? (['users-oldest', OLDEST] as const) : (['users-newest', NEWEST] as const);
    // One row more than asked for tells whether there is a next page.
    const values = [key.registered_at, key.position, limit + 1];
    const { rows, ...standing } = await this.model.query<ListedRow>(name, text, values, freshness);
    const shown = rows.slice(0, limit);
    const last = rows.length > limit ? shown.at(-1) : undefined;
    const next = last ? { registered_at: last.registered_at, position: last.position } : null;
    return { ...standing, users: await this.#shown(shown), next };
  }

  /** Who has the address now, by its keyed hash: one user or none. @throws Refusal read-model-behind */
  async byEmail(emailHash: string, freshness?: Freshness): Promise<UserList> {
    const { rows, ...standing } = await this.model.query<UserRow>('users-by-email', BY_EMAIL, [emailHash], freshness);
    return { ...standing, users: await this.#shown(rows), next: null };
  }

  /** The ids of all erased users, page by page. @throws Refusal read-model-behind */
  async *erased(freshness?: Freshness): AsyncGenerator<readonly string[]> {
    let after: string | undefined = FIRST_ID;
    while (after !== undefined) {
      const values: readonly unknown[] = [after, ERASED_PAGE];
      const page = await this.model.query<{ user_id: string }>('users-erased', ERASED, values, freshness);
      const ids: readonly string[] = page.rows.map(({ user_id }) => user_id);
      if (ids.length > 0) yield ids;
      after = ids.length < ERASED_PAGE ? undefined : ids.at(-1);
    }
  }

  async #one(userId: string, freshness?: Freshness): Promise<Standing & { row: UserRow | undefined }> {
    const stream = streamName('user', userId);
    const { rows, ...standing } = await this.model.queryOne<UserRow>(stream, 'users-one', ONE, [userId], freshness);
    return { ...standing, row: rows[0] };
  }

  async #shown(rows: readonly UserRow[]): Promise<UserAnswer[]> {
    await this.vault.prefetch(rows.filter((row) => row.status === 'active').map((row) => row.user_id));
    return Promise.all(rows.map((row) => userAnswer(row, this.vault)));
  }
}
