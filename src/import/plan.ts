import type { Progress } from '../engine/index.js';
import type { Findings } from './findings.js';
import type { CategoryRow, OrderRow, ProductRow, StockRow, UserRow } from './rows.js';
import type { Source, Sources } from './source.js';
import type { StoredState } from './stored.js';

/** What a row is to the log. A product that is retired in the end is added by a command of its own: its row is not one of an active product. */
export type ImportCommand =
  | 'ImportCategories'
  | 'AddProduct'
  | 'AddRetiredProduct'
  | 'ImportStock'
  | 'ImportUser'
  | 'ImportOrder'
  | 'RetireProduct'
  | 'EraseUser';

/** The id of the command that a row becomes, the same in every run: a run finds by it what an earlier one has done. */
export type CommandIdOf = (command: ImportCommand, ref: string) => string;

export interface CheckOptions {
  /** `report`: bad rows, and what depends on them, are left out and the rest goes on. */
  readonly onError: 'stop' | 'report';
  /** The id of the user of a reference: always the same, never guessable. */
  readonly userIdFor: (userRef: string) => string;
  readonly commandIdOf: CommandIdOf;
  /** The id of the order that a user has under a reference, however it comes to be placed. */
  readonly orderIdFor: (userId: string, ref: string) => string;
  /** The form in which two addresses are the same. */
  readonly comparableEmail: (email: string) => string;
  /** Why a file can't be a proof of identity, or null. Without it, they are judged when it is too late: as they are stored. */
  readonly judgeIdProof?: (path: string) => Promise<string | null>;
  readonly progress?: Progress;
  readonly signal?: AbortSignal;
}

/** What an order may name as its product. */
export interface Sellable {
  readonly sku: string;
  readonly name: string;
  readonly currency: string;
  readonly retired: boolean;
}

/** What is to be appended, after everything has been checked. */
export interface ImportPlan {
  readonly onError: 'stop' | 'report';
  readonly sources: Sources;
  /** Parents before children. */
  readonly categories: readonly CategoryRow[];
  readonly products: readonly ProductRow[];
  readonly stock: readonly StockRow[];
  readonly users: readonly UserRow[];
  readonly orders: PlannedOrders | null;
  /** Rows that are stored already. */
  readonly skipped: number;
}

/** Orders are too many to hold: the plan knows which lines to pass over, and reads the file once more. */
export interface PlannedOrders {
  readonly source: Source;
  readonly count: number;
  readonly passedOver: ReadonlySet<number>;
  readonly sellable: ReadonlyMap<number, Sellable>;
  readonly idsOf: (
    order: Pick<OrderRow, 'order_ref' | 'user_ref' | 'external_reference'>,
  ) => Pick<OrderRow, 'user_id' | 'order_id'>;
}

/** What the steps of a check share. */
export interface Check {
  readonly dir: string;
  readonly sources: Sources;
  readonly stored: StoredState;
  readonly options: CheckOptions;
  readonly findings: Findings;
  /** Names of files of which not every row could be read: what is missing in them is no finding on others. */
  readonly unreadable: Set<string>;
}

/** The rows of one kind that are to be appended, after their check. */
export interface Checked<Row> {
  readonly rows: readonly Row[];
  /** How many rows are stored already. */
  readonly skipped: number;
}
