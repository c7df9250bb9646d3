// Written by `npm run client:types` from the OpenAPI document. Changes by hand are lost.

export interface components {
  schemas: {
    /** @description Who did it: the role of the caller, and the user of a customer. */
    readonly Actor: {
      readonly kind: string;
      readonly id: string | null;
    };
    readonly AddCategoryRequest: {
      /** Format: int32 */
      readonly cat_id?: number;
      readonly code?: string;
      readonly name: string;
      /** Format: int32 */
      readonly parent_cat_id?: number | null;
    };
    readonly AddProductRequest: {
      /** Format: int32 */
      readonly product_id?: number;
      readonly sku: string;
      readonly name: string;
      /**
       * Format: int64
       * @description In minor units of the currency.
       */
      readonly price: number;
      readonly currency: string;
      readonly cat_ids: readonly number[];
    };
    readonly AdjustStockRequest: {
      /** Format: int32 */
      readonly quantity: number;
      readonly reason: string;
    };
    readonly Build: {
      /** Format: int64 */
      readonly build: number;
      /**
       * Format: int64
       * @description Of the code that makes the build.
       */
      readonly projection_version: number;
      readonly state: components['schemas']['BuildState'];
      /** @description False for a candidate that still lacks rows. */
      readonly ready: boolean;
      readonly checkpoint: string;
      /** Format: int64 */
      readonly events: number;
      /** Format: date-time */
      readonly made_at: string;
      /** Format: date-time */
      readonly switched_at: string | null;
      /** Format: date-time */
      readonly kept_until: string | null;
    };
    /** @enum {string} */
    readonly BuildState: 'active' | 'standby' | 'candidate';
    readonly CancelOrderRequest: {
      readonly reason?: string;
    };
    readonly Category: {
      /** Format: int32 */
      readonly cat_id: number;
      readonly code: string | null;
      readonly name: string;
      /** Format: int32 */
      readonly parent_cat_id: number | null;
      /**
       * Format: int32
       * @description Distinct products, not retired, in the category or below.
       */
      readonly total_products: number;
      /**
       * Format: int64
       * @description How often the resource has changed.
       */
      readonly revision: number;
    };
    readonly CategoryAnswer: {
      readonly data: components['schemas']['Category'];
    };
    readonly CategoryNode: {
      /** Format: int32 */
      readonly cat_id: number;
      readonly name: string;
      /**
       * Format: int32
       * @description Distinct products, not retired, in the category or below.
       */
      readonly total_products: number;
      readonly child_categories: readonly components['schemas']['CategoryNode'][];
    };
    readonly ChangeCategoryRequest: {
      readonly name?: string;
      /** Format: int32 */
      readonly parent_cat_id?: number | null;
    };
    readonly ChangeProductRequest: {
      readonly name?: string;
      /**
       * Format: int64
       * @description In minor units of the currency.
       */
      readonly price?: number;
      readonly cat_ids?: readonly number[];
    };
    readonly ChangeUserDetailsRequest: {
      readonly name?: string;
      readonly email?: string;
    };
    readonly CountStockRequest: {
      /** Format: int32 */
      readonly on_hand: number;
      readonly reason?: string;
    };
    readonly ErasureReceipt: {
      /** Format: uuid */
      readonly user_id: string;
      /** @enum {string} */
      readonly status: 'erased';
      /**
       * Format: date-time
       * @description From then on, every other command of the user is refused.
       */
      readonly erased_at: string;
      /**
       * Format: int64
       * @description Other users may register them.
       */
      readonly email_addresses_released: number;
      /** @description The ids of all proofs of identity, replaced ones included. */
      readonly documents_deleted: readonly string[];
      /**
       * @description Responses that were kept for retries with an idempotency key.
       * @enum {boolean}
       */
      readonly stored_responses_deleted: true;
      /**
       * Format: date-time
       * @description The last step: from then on, nothing that is sealed for the user can be read.
       */
      readonly key_destroyed_at: string;
    };
    readonly ErasureReceiptAnswer: {
      readonly data: components['schemas']['ErasureReceipt'];
    };
    /** @description `wanted` and `available` are there with `out-of-stock`. */
    readonly Fault: {
      readonly path: string;
      readonly message: string;
      /** Format: int32 */
      readonly wanted?: number;
      /** Format: int32 */
      readonly available?: number;
    };
    readonly GetCategoryTreeAnswer: {
      readonly data: readonly components['schemas']['CategoryNode'][];
    };
    readonly Health: {
      readonly status: components['schemas']['HealthStatus'];
      readonly checks: {
        readonly [key: string]: components['schemas']['HealthCheck'];
      };
    };
    readonly HealthCheck: {
      readonly ok: boolean;
      /** @description Whether it works, but not as a whole. A `detail` alone is no fault. */
      readonly degraded?: boolean;
      readonly detail?: string;
    };
    /** @enum {string} */
    readonly HealthStatus: 'ok' | 'degraded' | 'unavailable';
    readonly HistoryEntry: {
      readonly status: components['schemas']['OrderStatus'];
      /** Format: date-time */
      readonly at: string;
      readonly by: components['schemas']['Actor'] | null;
      readonly reason?: string | null;
      readonly reference?: string | null;
    };
    readonly IdProof: {
      /** Format: uuid */
      readonly document_id: string;
      readonly sha256: string | null;
      /** Format: int64 */
      readonly bytes: number;
      /** Format: date-time */
      readonly uploaded_at: string;
    };
    readonly Job: {
      /** Format: uuid */
      readonly job_id: string;
      readonly kind: components['schemas']['JobKind'];
      readonly models: readonly string[];
      readonly parameters: {
        readonly [key: string]: unknown;
      };
      readonly requested_by: components['schemas']['Requester'];
      readonly state: components['schemas']['JobState'];
      readonly cancel_requested: boolean;
      readonly progress: components['schemas']['JobProgress'] | null;
      /** @description False if the operation found something, such as a difference in a verification. Null until it is done. */
      readonly ok: boolean | null;
      /** @description Why it failed, or what to do about a lost job. */
      readonly error: string | null;
      /** Format: date-time */
      readonly created_at: string;
      /** Format: date-time */
      readonly started_at: string | null;
      /** Format: date-time */
      readonly ended_at: string | null;
      /** @description What the command of the same name prints with `--json`. Null until the job is done. */
      readonly result: {
        readonly [key: string]: unknown;
      } | null;
    };
    readonly JobAnswer: {
      readonly data: components['schemas']['Job'];
    };
    /** @enum {string} */
    readonly JobKind: 'rebuild' | 'verify' | 'rollback' | 'replay';
    readonly JobProgress: {
      readonly what: string;
      /** Format: int64 */
      readonly done: number;
      /** Format: int64 */
      readonly total: number | null;
      /** Format: double */
      readonly per_second: number;
      /** Format: int64 */
      readonly seconds_left: number | null;
    };
    /** @enum {string} */
    readonly JobState: 'waiting' | 'running' | 'done' | 'failed' | 'cancelled' | 'lost';
    readonly ListOrderCountsByHourAnswer: {
      readonly data: readonly components['schemas']['OrdersOfHour'][];
    };
    readonly ListReadModelsAnswer: {
      readonly data: readonly components['schemas']['ReadModel'][];
    };
    readonly ListedJob: {
      /** Format: uuid */
      readonly job_id: string;
      readonly kind: components['schemas']['JobKind'];
      readonly models: readonly string[];
      readonly parameters: {
        readonly [key: string]: unknown;
      };
      readonly requested_by: components['schemas']['Requester'];
      readonly state: components['schemas']['JobState'];
      readonly cancel_requested: boolean;
      readonly progress: components['schemas']['JobProgress'] | null;
      /** @description False if the operation found something, such as a difference in a verification. Null until it is done. */
      readonly ok: boolean | null;
      /** @description Why it failed, or what to do about a lost job. */
      readonly error: string | null;
      /** Format: date-time */
      readonly created_at: string;
      /** Format: date-time */
      readonly started_at: string | null;
      /** Format: date-time */
      readonly ended_at: string | null;
    };
    readonly ListedJobList: {
      readonly data: readonly components['schemas']['ListedJob'][];
      readonly next: string | null;
    };
    readonly LogEvent: {
      readonly type: string;
      readonly data: {
        readonly [key: string]: unknown;
      };
      readonly metadata: {
        readonly [key: string]: unknown;
      };
      /**
       * Format: int64
       * @description How often the resource has changed.
       */
      readonly revision: number;
      readonly position: string;
      /** Format: date-time */
      readonly recorded_at: string;
      /** @description Why this version can not read the event; absent in all others. Its `data` and `metadata` are then as stored, without what is sealed, personal or secret. */
      readonly unreadable?: string;
      readonly stream: string;
      readonly event_id: string;
    };
    readonly LogEventList: {
      readonly data: readonly components['schemas']['LogEvent'][];
      readonly next: string | null;
    };
    readonly MarkOrderPaidRequest: {
      readonly reference?: string;
    };
    readonly Order: {
      /** Format: uuid */
      readonly order_id: string;
      /** Format: uuid */
      readonly user_id: string;
      /** @description For people: `O-` and six digits or more. Null for orders from before there were numbers. */
      readonly number: string | null;
      /** @description What another system calls the order. Null if none was given, or the user is erased. */
      readonly external_reference: string | null;
      readonly status: components['schemas']['OrderStatus'];
      readonly currency: string;
      /**
       * Format: int64
       * @description In minor units of the currency.
       */
      readonly total: number;
      readonly items: readonly components['schemas']['OrderLine'][];
      readonly history: readonly components['schemas']['HistoryEntry'][];
      /** Format: date-time */
      readonly placed_at: string;
      readonly allowed_actions: readonly components['schemas']['OrderAction'][];
      /**
       * Format: int64
       * @description How often the resource has changed.
       */
      readonly revision: number;
    };
    /** @enum {string} */
    readonly OrderAction: 'cancel' | 'mark-paid';
    readonly OrderAnswer: {
      readonly data: components['schemas']['Order'];
    };
    readonly OrderCounts: {
      /** Format: int64 */
      readonly placed: number;
      /** Format: int64 */
      readonly paid: number;
      /** Format: int64 */
      readonly cancelled: number;
    };
    readonly OrderCountsAnswer: {
      readonly data: components['schemas']['OrderCounts'];
    };
    readonly OrderLine: {
      /** Format: int32 */
      readonly line: number;
      /** Format: int32 */
      readonly product_id: number;
      readonly sku: string;
      readonly name: string;
      /** Format: int32 */
      readonly quantity: number;
      /**
       * Format: int64
       * @description In minor units of the currency.
       */
      readonly unit_price: number;
      /**
       * Format: int64
       * @description In minor units of the currency.
       */
      readonly line_total: number;
    };
    readonly OrderList: {
      readonly data: readonly components['schemas']['Order'][];
      readonly next: string | null;
    };
    /** @enum {string} */
    readonly OrderStatus: 'placed' | 'paid' | 'cancelled';
    readonly OrdersOfHour: {
      /**
       * Format: date-time
       * @description Its beginning.
       */
      readonly hour: string;
      /** Format: int64 */
      readonly placed: number;
      /** Format: int64 */
      readonly paid: number;
      /** Format: int64 */
      readonly cancelled: number;
    };
    readonly PlaceOrderRequest: {
      /** Format: uuid */
      readonly user_id: string;
      readonly items: readonly {
        /** Format: int32 */
        readonly product_id: number;
        /** Format: int32 */
        readonly quantity: number;
      }[];
      readonly external_reference?: string;
    };
    /** @description RFC 9457. `code` is stable; `type` leads to an explanation; `errors` names every fault of the input. */
    readonly Problem: {
      readonly type: string;
      readonly title: string;
      /** Format: int32 */
      readonly status: number;
      readonly detail: string;
      readonly code: components['schemas']['ProblemCode'];
      readonly request_id: string;
      readonly errors?: readonly components['schemas']['Fault'][];
    };
    /** @enum {string} */
    readonly ProblemCode:
      | 'invalid-request'
      | 'invalid-cursor'
      | 'invalid-log-position'
      | 'malformed-json'
      | 'id-proof-missing'
      | 'unauthenticated'
      | 'forbidden'
      | 'user-not-found'
      | 'order-not-found'
      | 'category-not-found'
      | 'product-not-found'
      | 'id-proof-not-found'
      | 'stock-not-tracked'
      | 'route-not-found'
      | 'method-not-allowed'
      | 'not-acceptable'
      | 'payload-too-large'
      | 'unsupported-media-type'
      | 'headers-too-large'
      | 'order-paid'
      | 'order-cancelled'
      | 'email-taken'
      | 'sku-taken'
      | 'external-reference-taken'
      | 'category-exists'
      | 'category-code-taken'
      | 'product-exists'
      | 'category-cycle'
      | 'out-of-stock'
      | 'stock-reserved'
      | 'category-not-empty'
      | 'user-erased'
      | 'job-not-found'
      | 'job-running'
      | 'not-quarantined'
      | 'read-model-busy'
      | 'revision-conflict'
      | 'idempotency-in-flight'
      | 'revision-mismatch'
      | 'idempotency-mismatch'
      | 'unknown-product'
      | 'product-retired'
      | 'unknown-category'
      | 'unknown-user'
      | 'id-proof-pending'
      | 'currency-mismatch'
      | 'total-too-large'
      | 'order-too-large'
      | 'id-proof-not-pdf'
      | 'id-proof-encrypted'
      | 'id-proof-active-content'
      | 'id-proof-damaged'
      | 'rate-limited'
      | 'read-model-behind'
      | 'event-store-unavailable'
      | 'database-unavailable'
      | 'overloaded'
      | 'internal-error';
    readonly ProblemExplanation: {
      readonly code: components['schemas']['ProblemCode'];
      /** Format: int32 */
      readonly status: number;
      readonly title: string;
      readonly explanation: string;
    };
    readonly ProblemExplanationAnswer: {
      readonly data: components['schemas']['ProblemExplanation'];
    };
    readonly Product: {
      /** Format: int32 */
      readonly product_id: number;
      readonly sku: string;
      readonly name: string;
      /**
       * Format: int64
       * @description In minor units of the currency.
       */
      readonly price: number;
      readonly currency: string;
      readonly cat_ids: readonly number[];
      readonly status: components['schemas']['ProductStatus'];
      /**
       * Format: int32
       * @description How many an order can have, below 0 if more were promised than are there; null if the stock is not tracked.
       */
      readonly available: number | null;
      /**
       * Format: int64
       * @description How often the resource has changed.
       */
      readonly revision: number;
    };
    readonly ProductAnswer: {
      readonly data: components['schemas']['Product'];
    };
    readonly ProductList: {
      readonly data: readonly components['schemas']['Product'][];
      readonly next: string | null;
    };
    /** @enum {string} */
    readonly ProductStatus: 'active' | 'retired';
    readonly ProjectionStop: {
      readonly stream: string | null;
      /**
       * Format: int64
       * @description How often the resource has changed.
       */
      readonly revision: number | null;
      readonly position: string;
      readonly message: string;
      /** @enum {boolean} */
      readonly lost?: true;
    };
    readonly Quarantine: {
      readonly quarantined: readonly components['schemas']['QuarantinedKey'][];
      readonly skipped: readonly components['schemas']['SkippedEvent'][];
      /** @description Builds that have stopped at an event. */
      readonly stopped: readonly components['schemas']['StoppedBuild'][];
    };
    readonly QuarantineAnswer: {
      readonly data: components['schemas']['Quarantine'];
    };
    readonly QuarantinedAt: {
      /**
       * Format: int64
       * @description How often the resource has changed.
       */
      readonly revision: number;
      readonly type: string;
      readonly position: string;
      readonly error: string;
    };
    readonly QuarantinedKey: {
      /** @description A read model or a reactor. */
      readonly model: string;
      /**
       * Format: int64
       * @description The number of the build; null for a reactor, which has none.
       */
      readonly version: number | null;
      readonly stream: string;
      /**
       * Format: int64
       * @description How often the resource has changed.
       */
      readonly revision: number;
      readonly type: string;
      readonly position: string;
      readonly error: string;
      /** Format: date-time */
      readonly since: string;
      /**
       * Format: int64
       * @description Events of the key that wait, with the one it is quarantined at.
       */
      readonly waiting: number;
    };
    readonly ReadModel: {
      readonly name: string;
      /** Format: int64 */
      readonly projection_version: number;
      readonly builds: readonly components['schemas']['Build'][];
    };
    /** @enum {string} */
    readonly ReadModelState: 'missing' | 'idle' | 'running' | 'degraded' | 'stopped';
    readonly ReadModelStatus: {
      readonly name: string;
      /** Format: int64 */
      readonly version: number;
      readonly checkpoint: string;
      /** Format: int64 */
      readonly lag_events: number;
      /** Format: double */
      readonly lag_seconds: number;
      readonly state: components['schemas']['ReadModelState'];
      /** Format: int64 */
      readonly quarantined: number;
      readonly subscription?: components['schemas']['Subscription'];
      readonly error?: components['schemas']['ProjectionStop'];
    };
    readonly ReceiveStockRequest: {
      /** Format: int32 */
      readonly quantity: number;
      readonly reference?: string;
    };
    readonly RecordedEvent: {
      readonly type: string;
      readonly data: {
        readonly [key: string]: unknown;
      };
      readonly metadata: {
        readonly [key: string]: unknown;
      };
      /**
       * Format: int64
       * @description How often the resource has changed.
       */
      readonly revision: number;
      readonly position: string;
      /** Format: date-time */
      readonly recorded_at: string;
      /** @description Why this version can not read the event; absent in all others. Its `data` and `metadata` are then as stored, without what is sealed, personal or secret. */
      readonly unreadable?: string;
    };
    readonly RecordedEventList: {
      readonly data: readonly components['schemas']['RecordedEvent'][];
      readonly next: string | null;
    };
    readonly RegisterUserRequest: {
      readonly name: string;
      readonly email: string;
      /**
       * Format: binary
       * @description A PDF
       */
      readonly id_proof: Blob;
    };
    readonly ReplaceIdProofRequest: {
      /**
       * Format: binary
       * @description A PDF
       */
      readonly id_proof: Blob;
    };
    readonly Requester: {
      readonly kind: string;
      readonly id: string | null;
    };
    readonly Retried: {
      readonly retried: readonly components['schemas']['RetriedKey'][];
    };
    readonly RetriedAnswer: {
      readonly data: components['schemas']['Retried'];
    };
    readonly RetriedKey: {
      /** @description A read model or a reactor. */
      readonly model: string;
      /**
       * Format: int64
       * @description The number of the build; null for a reactor, which has none.
       */
      readonly version: number | null;
      readonly stream: string;
      /**
       * Format: int64
       * @description Events that have taken effect.
       */
      readonly events: number;
      /** @description Where the key is quarantined now; null if it is not. */
      readonly held: components['schemas']['QuarantinedAt'] | null;
    };
    readonly RetryQuarantinedRequest: {
      readonly streams?: readonly string[];
      readonly model?: string;
    };
    readonly SkipQuarantinedRequest: {
      /** @description As the list has it; with its revision, `order-…@1`, only that event is skipped. */
      readonly stream: string;
      /** @description Why. It is kept, and a verification tells it. */
      readonly reason: string;
      readonly model?: string;
    };
    readonly Skipped: {
      readonly skipped: readonly components['schemas']['SkippedKey'][];
    };
    readonly SkippedAnswer: {
      readonly data: components['schemas']['Skipped'];
    };
    readonly SkippedEvent: {
      readonly model: string;
      readonly stream: string;
      /**
       * Format: int64
       * @description How often the resource has changed.
       */
      readonly revision: number;
      readonly type: string;
      readonly position: string;
      readonly error: string;
      readonly reason: string;
      /** Format: date-time */
      readonly skipped_at: string;
    };
    readonly SkippedKey: {
      /** @description A read model or a reactor. */
      readonly model: string;
      /**
       * Format: int64
       * @description The number of the build; null for a reactor, which has none.
       */
      readonly version: number | null;
      readonly stream: string;
      /**
       * Format: int64
       * @description Events that have taken effect.
       */
      readonly events: number;
      /** @description Where the key is quarantined now; null if it is not. */
      readonly held: components['schemas']['QuarantinedAt'] | null;
      /**
       * Format: int64
       * @description How often the resource has changed.
       */
      readonly revision?: number;
      readonly reason?: string;
    };
    readonly StartJobRequest:
      | {
          /** @enum {string} */
          readonly kind: 'rebuild';
          /** @description One read model. */
          readonly model?: string;
          /** @description Several read models. Without `model` and `models`, all of them. */
          readonly models?: readonly string[];
          /** @default true */
          readonly switch?: boolean;
        }
      | {
          /** @enum {string} */
          readonly kind: 'verify';
          /** @description One read model. */
          readonly model?: string;
          /** @description Several read models. Without `model` and `models`, all of them. */
          readonly models?: readonly string[];
        }
      | {
          /** @enum {string} */
          readonly kind: 'rollback';
          /** @description One read model. */
          readonly model?: string;
          /** @description Several read models. Without `model` and `models`, all of them. */
          readonly models?: readonly string[];
          /** @default false */
          readonly degraded?: boolean;
        }
      | {
          /** @enum {string} */
          readonly kind: 'replay';
          /** @description One read model. */
          readonly model?: string;
          /** @description Several read models. Without `model` and `models`, all of them. */
          readonly models?: readonly string[];
          readonly until: string;
        };
    readonly Status: {
      readonly store: components['schemas']['StoreStatus'];
      readonly models: readonly components['schemas']['ReadModelStatus'][];
      readonly reactors: readonly components['schemas']['ReadModelStatus'][];
      readonly notes?: readonly string[];
    };
    readonly StatusAnswer: {
      readonly data: components['schemas']['Status'];
    };
    readonly Stock: {
      /** Format: int32 */
      readonly product_id: number;
      /**
       * Format: int64
       * @description Below 0 if paid orders took more than was counted.
       */
      readonly on_hand: number;
      /**
       * Format: int64
       * @description Promised to orders that are neither paid nor cancelled.
       */
      readonly reserved: number;
      /**
       * Format: int64
       * @description `on_hand − reserved`. Below 0 if a count found less than was promised.
       */
      readonly available: number;
      /**
       * Format: int64
       * @description How often the resource has changed.
       */
      readonly revision: number;
    };
    readonly StockAnswer: {
      readonly data: components['schemas']['Stock'];
    };
    readonly StockList: {
      readonly data: readonly components['schemas']['Stock'][];
      readonly next: string | null;
    };
    readonly StoppedBuild: {
      /** @description A read model or a reactor. */
      readonly model: string;
      /**
       * Format: int64
       * @description The number of the build; null for a reactor, which has none.
       */
      readonly version: number | null;
      readonly stream: string;
      /**
       * Format: int64
       * @description How often the resource has changed.
       */
      readonly revision: number;
      readonly position: string;
      readonly error: string;
    };
    readonly StoreStatus: {
      readonly kind: string;
      readonly head: string;
    };
    readonly Subscription: {
      /** Format: date-time */
      readonly connected_since: string | null;
      readonly drops: {
        readonly [key: string]: number;
      };
      /** Format: date-time */
      readonly last_event_at: string | null;
    };
    readonly User: {
      /** Format: uuid */
      readonly user_id: string;
      /** @description Null once the user is erased. */
      readonly name: string | null;
      /** @description Null once the user is erased. */
      readonly email: string | null;
      readonly status: components['schemas']['UserStatus'];
      readonly id_proof: components['schemas']['IdProof'] | null;
      /** Format: date-time */
      readonly registered_at: string;
      /** Format: date-time */
      readonly updated_at: string;
      /**
       * Format: int64
       * @description How often the resource has changed.
       */
      readonly revision: number;
    };
    readonly UserAnswer: {
      readonly data: components['schemas']['User'];
    };
    readonly UserList: {
      readonly data: readonly components['schemas']['User'][];
      readonly next: string | null;
    };
    /** @enum {string} */
    readonly UserStatus: 'active' | 'erased';
  };
  responses: never;
  parameters: never;
  requestBodies: never;
  headers: never;
  pathItems: never;
}
export interface operations {
  /**
   * Orders, newest first, or as filters and sort say
   * @description Roles: `clerk`, `admin`.
   */
  readonly listOrders: {
    readonly parameters: {
      readonly query?: {
        readonly limit?: number;
        readonly cursor?: string;
        /** @description Orders of these statuses, such as `placed,paid`. Has an index with `sort=placed_at` and `-placed_at`; by other sorts it scans. */
        readonly status?: string;
        /** @description Orders of this user. Has an index; by other sorts than `placed_at` and `-placed_at`, all that it picks is sorted. */
        readonly user_id?: string;
        /** @description Orders with a line of this product. Has an index; by other sorts than `placed_at` and `-placed_at`, all that it picks is sorted. */
        readonly product_id?: number;
        /** @description Orders with a line whose product stands in this category or below it, by the categories of the moment that the answer is true for. Has an index; by other sorts than `placed_at` and `-placed_at`, all that it picks is sorted. Takes longer the more products stand there. */
        readonly cat_id?: number;
        /** @description The order of this number, such as `O-000123`. Has an index. */
        readonly number?: string;
        /** @description Orders that another system calls so, exactly. Has an index. */
        readonly external_reference?: string;
        /** @description Orders placed then or later. Part of the index of `sort=placed_at` and `-placed_at`; by other sorts it scans. */
        readonly placed_from?: string;
        /** @description Orders placed then or earlier, otherwise as `placed_from`. */
        readonly placed_to?: string;
        /** @description Orders that were placed or changed since, by recorded time (RFC 3339), or after a `Log-Position`. With `sort=updated_at` this is the way to synchronize: read to the last page, and begin the next time with the `Log-Position` of that page. Part of the index of `sort=updated_at` and `-updated_at`; by other sorts it scans. */
        readonly updated_since?: string;
        /** @description Orders of this total or more, in minor units. Part of the index of `sort=total` and `-total`; by other sorts it scans. */
        readonly total_min?: number;
        /** @description Orders of this total or less, otherwise as `total_min`. */
        readonly total_max?: number;
        /** @description Orders in this currency. Scans. */
        readonly currency?: string;
        /** @description By when orders were placed, by total, or by when they were placed or changed last; `-` is latest or largest first. Equal ones stand in the order of the log. */
        readonly sort?: '-placed_at' | 'placed_at' | '-total' | 'total' | '-updated_at' | 'updated_at';
        /** @description The answer as it was at this `Log-Position` or RFC 3339 time, by recorded time. It waits as `Prefer` says. */
        readonly as_of?: string;
      };
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': components['schemas']['OrderList'];
          readonly 'text/csv': string;
          readonly 'application/x-ndjson': string;
        };
      };
    };
  };
  /**
   * Place an order
   * @description Roles: `customer` (its own only), `clerk`, `admin`.
   */
  readonly placeOrder: {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody: {
      readonly content: {
        readonly 'application/json': components['schemas']['PlaceOrderRequest'];
      };
    };
    readonly responses: {
      readonly 201: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': components['schemas']['OrderAnswer'];
        };
      };
    };
  };
  /**
   * Cancel an order
   * @description Roles: `customer` (its own only), `clerk`, `admin`.
   */
  readonly cancelOrder: {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path: {
        readonly order_id: string;
      };
      readonly cookie?: never;
    };
    readonly requestBody?: {
      readonly content: {
        readonly 'application/json': components['schemas']['CancelOrderRequest'];
      };
    };
    readonly responses: {
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': components['schemas']['OrderAnswer'];
        };
      };
    };
  };
  /**
   * Mark an order as paid
   * @description Roles: `clerk`, `admin`.
   */
  readonly markOrderPaid: {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path: {
        readonly order_id: string;
      };
      readonly cookie?: never;
    };
    readonly requestBody?: {
      readonly content: {
        readonly 'application/json': components['schemas']['MarkOrderPaidRequest'];
      };
    };
    readonly responses: {
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': components['schemas']['OrderAnswer'];
        };
      };
    };
  };
  /**
   * All orders by status
   * @description Roles: `clerk`, `admin`.
   */
  readonly getOrderCounts: {
    readonly parameters: {
      readonly query?: {
        /** @description The answer as it was at this `Log-Position` or RFC 3339 time, by recorded time. It waits as `Prefer` says. */
        readonly as_of?: string;
      };
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': components['schemas']['OrderCountsAnswer'];
        };
      };
    };
  };
  /**
   * An order with items and history
   * @description Roles: `customer` (its own only), `clerk`, `admin`.
   */
  readonly getOrder: {
    readonly parameters: {
      readonly query?: {
        /** @description The answer as it was at this `Log-Position` or RFC 3339 time, by recorded time. It waits as `Prefer` says. */
        readonly as_of?: string;
      };
      readonly header?: never;
      readonly path: {
        readonly order_id: string;
      };
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': components['schemas']['OrderAnswer'];
        };
      };
    };
  };
  /**
   * A user's orders with items and history, newest first, or as filters and sort say
   * @description Roles: `customer` (its own only), `clerk`, `admin`.
   */
  readonly listUserOrders: {
    readonly parameters: {
      readonly query?: {
        readonly limit?: number;
        readonly cursor?: string;
        /** @description Orders of these statuses, such as `placed,paid`. Has an index with `sort=placed_at` and `-placed_at`; by other sorts it scans. */
        readonly status?: string;
        /** @description Orders of this user. Has an index; by other sorts than `placed_at` and `-placed_at`, all that it picks is sorted. */
        readonly user_id?: string;
        /** @description Orders with a line of this product. Has an index; by other sorts than `placed_at` and `-placed_at`, all that it picks is sorted. */
        readonly product_id?: number;
        /** @description Orders with a line whose product stands in this category or below it, by the categories of the moment that the answer is true for. Has an index; by other sorts than `placed_at` and `-placed_at`, all that it picks is sorted. Takes longer the more products stand there. */
        readonly cat_id?: number;
        /** @description The order of this number, such as `O-000123`. Has an index. */
        readonly number?: string;
        /** @description Orders that another system calls so, exactly. Has an index. */
        readonly external_reference?: string;
        /** @description Orders placed then or later. Part of the index of `sort=placed_at` and `-placed_at`; by other sorts it scans. */
        readonly placed_from?: string;
        /** @description Orders placed then or earlier, otherwise as `placed_from`. */
        readonly placed_to?: string;
        /** @description Orders that were placed or changed since, by recorded time (RFC 3339), or after a `Log-Position`. With `sort=updated_at` this is the way to synchronize: read to the last page, and begin the next time with the `Log-Position` of that page. Part of the index of `sort=updated_at` and `-updated_at`; by other sorts it scans. */
        readonly updated_since?: string;
        /** @description Orders of this total or more, in minor units. Part of the index of `sort=total` and `-total`; by other sorts it scans. */
        readonly total_min?: number;
        /** @description Orders of this total or less, otherwise as `total_min`. */
        readonly total_max?: number;
        /** @description Orders in this currency. Scans. */
        readonly currency?: string;
        /** @description By when orders were placed, by total, or by when they were placed or changed last; `-` is latest or largest first. Equal ones stand in the order of the log. */
        readonly sort?: '-placed_at' | 'placed_at' | '-total' | 'total' | '-updated_at' | 'updated_at';
        /** @description The answer as it was at this `Log-Position` or RFC 3339 time, by recorded time. It waits as `Prefer` says. */
        readonly as_of?: string;
      };
      readonly header?: never;
      readonly path: {
        readonly user_id: string;
      };
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': components['schemas']['OrderList'];
        };
      };
    };
  };
  /**
   * Orders by the hour in which they were placed, oldest hour first
   * @description Each order counts under the status that it has now. At most 744 hours.
   *
   *     Roles: `clerk`, `admin`.
   */
  readonly listOrderCountsByHour: {
    readonly parameters: {
      readonly query?: {
        /** @description The first hour is the one that holds it. Default: 23 hours before `to`. */
        readonly from?: string;
        /** @description The last hour is the one that holds it. Default: now. */
        readonly to?: string;
      };
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': components['schemas']['ListOrderCountsByHourAnswer'];
        };
      };
    };
  };
  /**
   * The recorded events, oldest first
   * @description Roles: `admin`.
   */
  readonly listOrderEvents: {
    readonly parameters: {
      readonly query?: {
        readonly limit?: number;
        readonly cursor?: string;
      };
      readonly header?: never;
      readonly path: {
        readonly order_id: string;
      };
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': components['schemas']['RecordedEventList'];
        };
      };
    };
  };
  /**
   * Users, newest first; with email, the one user who has the address
   * @description Roles: `clerk`, `admin`.
   */
  readonly listUsers: {
    readonly parameters: {
      readonly query?: {
        readonly limit?: number;
        readonly cursor?: string;
        readonly email?: string;
        readonly sort?: '-registered_at' | 'registered_at';
      };
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': components['schemas']['UserList'];
          readonly 'text/csv': string;
          readonly 'application/x-ndjson': string;
        };
      };
    };
  };
  /**
   * Register a user
   * @description Roles: `clerk`, `admin`.
   */
  readonly registerUser: {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody: {
      readonly content: {
        readonly 'multipart/form-data': components['schemas']['RegisterUserRequest'];
      };
    };
    readonly responses: {
      readonly 201: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': components['schemas']['UserAnswer'];
        };
      };
    };
  };
  /**
   * The proof of identity
   * @description Roles: `customer` (its own only), `clerk`, `admin`.
   */
  readonly downloadIdProof: {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path: {
        readonly user_id: string;
      };
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/pdf': Blob;
        };
      };
    };
  };
  /**
   * Replace the proof of identity
   * @description Roles: `customer` (its own only), `clerk`, `admin`.
   */
  readonly replaceIdProof: {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path: {
        readonly user_id: string;
      };
      readonly cookie?: never;
    };
    readonly requestBody: {
      readonly content: {
        readonly 'multipart/form-data': components['schemas']['ReplaceIdProofRequest'];
      };
    };
    readonly responses: {
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': components['schemas']['UserAnswer'];
        };
      };
    };
  };
  /**
   * Erase a user: everything personal is destroyed for good
   * @description Roles: `admin`.
   */
  readonly eraseUser: {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path: {
        readonly user_id: string;
      };
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': components['schemas']['ErasureReceiptAnswer'];
        };
      };
    };
  };
  /**
   * A user
   * @description Roles: `customer` (its own only), `clerk`, `admin`.
   */
  readonly getUser: {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path: {
        readonly user_id: string;
      };
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': components['schemas']['UserAnswer'];
        };
      };
    };
  };
  /**
   * Change a user's name or e-mail address
   * @description Roles: `customer` (its own only), `clerk`, `admin`.
   */
  readonly changeUserDetails: {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path: {
        readonly user_id: string;
      };
      readonly cookie?: never;
    };
    readonly requestBody: {
      readonly content: {
        readonly 'application/json': components['schemas']['ChangeUserDetailsRequest'];
        readonly 'application/merge-patch+json': components['schemas']['ChangeUserDetailsRequest'];
      };
    };
    readonly responses: {
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': components['schemas']['UserAnswer'];
        };
      };
    };
  };
  /**
   * The recorded events, oldest first
   * @description Roles: `admin`.
   */
  readonly listUserEvents: {
    readonly parameters: {
      readonly query?: {
        readonly limit?: number;
        readonly cursor?: string;
      };
      readonly header?: never;
      readonly path: {
        readonly user_id: string;
      };
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': components['schemas']['RecordedEventList'];
        };
      };
    };
  };
  /**
   * Products by product_id, or as filters and sort say; with cat_id, those in the category or below
   * @description Roles: `customer`, `clerk`, `admin`.
   */
  readonly listProducts: {
    readonly parameters: {
      readonly query?: {
        readonly limit?: number;
        readonly cursor?: string;
        readonly cat_id?: number;
        readonly sku?: string;
        readonly status?: components['schemas']['ProductStatus'];
        /** @description Products with this in their name or SKU, as a part of a word too. Case and accents make no difference. Scans. */
        readonly q?: string;
        /** @description Products of this price or more, in minor units. Scans. */
        readonly price_min?: number;
        /** @description Products of this price or less, in minor units. Scans. */
        readonly price_max?: number;
        /** @description By id, name or price; `-` is the last or largest first. All but `product_id` scan. */
        readonly sort?: 'product_id' | '-product_id' | 'name' | '-name' | 'price' | '-price';
      };
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': components['schemas']['ProductList'];
          readonly 'text/csv': string;
          readonly 'application/x-ndjson': string;
        };
      };
    };
  };
  /**
   * Add a product
   * @description Roles: `admin`.
   */
  readonly addProduct: {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody: {
      readonly content: {
        readonly 'application/json': components['schemas']['AddProductRequest'];
      };
    };
    readonly responses: {
      readonly 201: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': components['schemas']['ProductAnswer'];
        };
      };
    };
  };
  /**
   * A product, retired ones too
   * @description Roles: `customer`, `clerk`, `admin`.
   */
  readonly getProduct: {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path: {
        readonly product_id: number;
      };
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': components['schemas']['ProductAnswer'];
        };
      };
    };
  };
  /**
   * Change a product's name, price or categories
   * @description Roles: `admin`.
   */
  readonly changeProduct: {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path: {
        readonly product_id: number;
      };
      readonly cookie?: never;
    };
    readonly requestBody: {
      readonly content: {
        readonly 'application/json': components['schemas']['ChangeProductRequest'];
        readonly 'application/merge-patch+json': components['schemas']['ChangeProductRequest'];
      };
    };
    readonly responses: {
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': components['schemas']['ProductAnswer'];
        };
      };
    };
  };
  /**
   * Retire a product: it is not sold and not counted any more
   * @description Roles: `admin`.
   */
  readonly retireProduct: {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path: {
        readonly product_id: number;
      };
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': components['schemas']['ProductAnswer'];
        };
      };
    };
  };
  /**
   * Reinstate a retired product
   * @description Roles: `admin`.
   */
  readonly reinstateProduct: {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path: {
        readonly product_id: number;
      };
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': components['schemas']['ProductAnswer'];
        };
      };
    };
  };
  /**
   * The recorded events, oldest first
   * @description Roles: `admin`.
   */
  readonly listProductEvents: {
    readonly parameters: {
      readonly query?: {
        readonly limit?: number;
        readonly cursor?: string;
      };
      readonly header?: never;
      readonly path: {
        readonly product_id: number;
      };
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': components['schemas']['RecordedEventList'];
        };
      };
    };
  };
  /**
   * The category tree with totals
   * @description Roles: `customer`, `clerk`, `admin`.
   */
  readonly getCategoryTree: {
    readonly parameters: {
      readonly query?: {
        readonly root?: number;
        readonly depth?: number;
        /** @description The answer as it was at this `Log-Position` or RFC 3339 time, by recorded time. It waits as `Prefer` says. */
        readonly as_of?: string;
      };
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': components['schemas']['GetCategoryTreeAnswer'];
        };
      };
    };
  };
  /**
   * Add a category
   * @description Roles: `admin`.
   */
  readonly addCategory: {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody: {
      readonly content: {
        readonly 'application/json': components['schemas']['AddCategoryRequest'];
      };
    };
    readonly responses: {
      readonly 201: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': components['schemas']['CategoryAnswer'];
        };
      };
    };
  };
  /**
   * A category
   * @description Roles: `customer`, `clerk`, `admin`.
   */
  readonly getCategory: {
    readonly parameters: {
      readonly query?: {
        /** @description The answer as it was at this `Log-Position` or RFC 3339 time, by recorded time. It waits as `Prefer` says. */
        readonly as_of?: string;
      };
      readonly header?: never;
      readonly path: {
        readonly cat_id: number;
      };
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': components['schemas']['CategoryAnswer'];
        };
      };
    };
  };
  /**
   * Remove an empty category
   * @description Roles: `admin`.
   */
  readonly removeCategory: {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path: {
        readonly cat_id: number;
      };
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      readonly 204: {
        headers: {
          readonly [name: string]: unknown;
        };
        content?: never;
      };
    };
  };
  /**
   * Rename or move a category
   * @description Roles: `admin`.
   */
  readonly changeCategory: {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path: {
        readonly cat_id: number;
      };
      readonly cookie?: never;
    };
    readonly requestBody: {
      readonly content: {
        readonly 'application/json': components['schemas']['ChangeCategoryRequest'];
        readonly 'application/merge-patch+json': components['schemas']['ChangeCategoryRequest'];
      };
    };
    readonly responses: {
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': components['schemas']['CategoryAnswer'];
        };
      };
    };
  };
  /**
   * Orders with a product in the category or below, by status
   * @description Roles: `customer`, `clerk`, `admin`.
   */
  readonly getCategoryOrderCounts: {
    readonly parameters: {
      readonly query?: {
        /** @description The answer as it was at this `Log-Position` or RFC 3339 time, by recorded time. It waits as `Prefer` says. */
        readonly as_of?: string;
      };
      readonly header?: never;
      readonly path: {
        readonly cat_id: number;
      };
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': components['schemas']['OrderCountsAnswer'];
        };
      };
    };
  };
  /**
   * The recorded events, oldest first
   * @description Roles: `admin`.
   */
  readonly listCategoryEvents: {
    readonly parameters: {
      readonly query?: {
        readonly limit?: number;
        readonly cursor?: string;
      };
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': components['schemas']['RecordedEventList'];
        };
      };
    };
  };
  /**
   * Record what was counted; the first count starts tracking
   * @description Roles: `clerk`, `admin`.
   */
  readonly countStock: {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path: {
        readonly product_id: number;
      };
      readonly cookie?: never;
    };
    readonly requestBody: {
      readonly content: {
        readonly 'application/json': components['schemas']['CountStockRequest'];
      };
    };
    readonly responses: {
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': components['schemas']['StockAnswer'];
        };
      };
    };
  };
  /**
   * Record a receipt of goods
   * @description Roles: `clerk`, `admin`.
   */
  readonly receiveStock: {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path: {
        readonly product_id: number;
      };
      readonly cookie?: never;
    };
    readonly requestBody: {
      readonly content: {
        readonly 'application/json': components['schemas']['ReceiveStockRequest'];
      };
    };
    readonly responses: {
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': components['schemas']['StockAnswer'];
        };
      };
    };
  };
  /**
   * Correct the stock by a difference: breakage, theft, found goods
   * @description Roles: `clerk`, `admin`.
   */
  readonly adjustStock: {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path: {
        readonly product_id: number;
      };
      readonly cookie?: never;
    };
    readonly requestBody: {
      readonly content: {
        readonly 'application/json': components['schemas']['AdjustStockRequest'];
      };
    };
    readonly responses: {
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': components['schemas']['StockAnswer'];
        };
      };
    };
  };
  /**
   * The stock of a product
   * @description Roles: `clerk`, `admin`.
   */
  readonly getProductStock: {
    readonly parameters: {
      readonly query?: {
        /** @description The answer as it was at this `Log-Position` or RFC 3339 time, by recorded time. It waits as `Prefer` says. */
        readonly as_of?: string;
      };
      readonly header?: never;
      readonly path: {
        readonly product_id: number;
      };
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': components['schemas']['StockAnswer'];
        };
      };
    };
  };
  /**
   * End tracking
   * @description Roles: `admin`.
   */
  readonly endStockTracking: {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path: {
        readonly product_id: number;
      };
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      readonly 204: {
        headers: {
          readonly [name: string]: unknown;
        };
        content?: never;
      };
    };
  };
  /**
   * The stock of tracked products by product_id; with cat_id, of those in the category or below
   * @description Roles: `clerk`, `admin`.
   */
  readonly listStock: {
    readonly parameters: {
      readonly query?: {
        readonly limit?: number;
        readonly cursor?: string;
        /** @description Only products of which fewer than this are available. No index helps: the list looks at one tracked product after the other, in the category if one is given, until the page is full. */
        readonly available_below?: number;
        readonly cat_id?: number;
        /** @description The answer as it was at this `Log-Position` or RFC 3339 time, by recorded time. It waits as `Prefer` says. */
        readonly as_of?: string;
      };
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': components['schemas']['StockList'];
        };
      };
    };
  };
  /**
   * The recorded events, oldest first
   * @description Roles: `clerk`, `admin`.
   */
  readonly listStockEvents: {
    readonly parameters: {
      readonly query?: {
        readonly limit?: number;
        readonly cursor?: string;
      };
      readonly header?: never;
      readonly path: {
        readonly product_id: number;
      };
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': components['schemas']['RecordedEventList'];
        };
      };
    };
  };
  /**
   * This document
   * @description Needs no key.
   */
  readonly getOpenApiDocument: {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': Record<string, never>;
        };
      };
    };
  };
  /**
   * The process is up
   * @description Needs no key.
   */
  readonly getLiveness: {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': components['schemas']['Health'];
        };
      };
    };
  };
  /**
   * The process can do its work
   * @description Needs no key.
   */
  readonly getReadiness: {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': components['schemas']['Health'];
        };
      };
      readonly 503: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': components['schemas']['Health'];
        };
      };
    };
  };
  /**
   * Metrics for Prometheus
   * @description Roles: `admin`.
   */
  readonly getMetrics: {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'text/plain': string;
          readonly 'application/openmetrics-text': string;
        };
      };
    };
  };
  /**
   * What a problem means
   * @description Needs no key.
   */
  readonly explainProblem: {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path: {
        readonly code: string;
      };
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': components['schemas']['ProblemExplanationAnswer'];
        };
      };
    };
  };
  /**
   * The stores, the head of the log, and how far each read model is
   * @description Roles: `admin`.
   */
  readonly getStatus: {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': components['schemas']['StatusAnswer'];
        };
      };
    };
  };
  /**
   * The read models with their builds and checkpoints
   * @description Roles: `admin`.
   */
  readonly listReadModels: {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': components['schemas']['ListReadModelsAnswer'];
        };
      };
    };
  };
  /**
   * The events of all streams, newest first; as text/event-stream, those that come
   * @description With `Accept: text/event-stream`, new events are sent as they are recorded: `id` is the position, `event` is `recorded`, `data` is an event as in the list. `Last-Event-ID` resumes behind a position, `after` begins there; without both, the tail begins at the head. A heartbeat comes every 15 seconds. A last event `problem` says why the server ended the stream.
   *
   *     `latest` is for who watches the tail: it leaves out older events where more come than that. Then an event `skipped` comes first: its `data` has the positions `after` and `before`, between which the list has what was left out.
   *
   *     A list looks at 10,000 events at most: follow `next`, even from an empty page.
   *
   *     Roles: `admin`.
   */
  readonly listLogEvents: {
    readonly parameters: {
      readonly query?: {
        readonly limit?: number;
        /** @description The name of one stream, or the beginning of names up to a hyphen, such as `order-`. */
        readonly stream?: string;
        /** @description Event types, separated by commas. */
        readonly types?: string;
        /** @description Of the request that led to the events. Scans. */
        readonly correlation_id?: string;
        /** @description Events before this position only. */
        readonly before?: string;
        /** @description Events after this position only. */
        readonly after?: string;
        /** @description Of the tail: at most so many events every quarter of a second, the newest ones. */
        readonly latest?: number;
      };
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': components['schemas']['LogEventList'];
          readonly 'text/event-stream': string;
        };
      };
    };
  };
  /**
   * Jobs, newest first
   * @description Roles: `admin`.
   */
  readonly listJobs: {
    readonly parameters: {
      readonly query?: {
        readonly limit?: number;
        readonly cursor?: string;
        readonly kind?: 'rebuild' | 'verify' | 'rollback' | 'replay';
        readonly state?: 'waiting' | 'running' | 'done' | 'failed' | 'cancelled' | 'lost';
      };
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': components['schemas']['ListedJobList'];
        };
      };
    };
  };
  /**
   * Start a rebuild, a verification, a rollback or a replay
   * @description Roles: `admin`.
   */
  readonly startJob: {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody: {
      readonly content: {
        readonly 'application/json': components['schemas']['StartJobRequest'];
      };
    };
    readonly responses: {
      readonly 202: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': components['schemas']['JobAnswer'];
        };
      };
    };
  };
  /**
   * One job: its state, progress and result; as text/event-stream, each change until it has ended
   * @description Roles: `admin`.
   */
  readonly getJob: {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path: {
        readonly job_id: string;
      };
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': components['schemas']['JobAnswer'];
          readonly 'text/event-stream': string;
        };
      };
    };
  };
  /**
   * Cancel a job; one that has ended stays as it is
   * @description Roles: `admin`.
   */
  readonly cancelJob: {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path: {
        readonly job_id: string;
      };
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': components['schemas']['JobAnswer'];
        };
      };
    };
  };
  /**
   * Quarantined keys with their causes, skipped events, stopped builds
   * @description Roles: `admin`.
   */
  readonly getQuarantine: {
    readonly parameters: {
      readonly query?: {
        readonly model?: string;
      };
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': components['schemas']['QuarantineAnswer'];
        };
      };
    };
  };
  /**
   * Apply the events of quarantined keys again; all keys if none is named
   * @description Roles: `admin`.
   */
  readonly retryQuarantined: {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody?: {
      readonly content: {
        readonly 'application/json': components['schemas']['RetryQuarantinedRequest'];
      };
    };
    readonly responses: {
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': components['schemas']['RetriedAnswer'];
        };
      };
    };
  };
  /**
   * Leave out an event for good, and apply the later events of its key
   * @description Roles: `admin`.
   */
  readonly skipQuarantined: {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody: {
      readonly content: {
        readonly 'application/json': components['schemas']['SkipQuarantinedRequest'];
      };
    };
    readonly responses: {
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': components['schemas']['SkippedAnswer'];
        };
      };
    };
  };
  /**
   * This document as a page
   * @description Needs no key.
   */
  readonly getDocumentationPage: {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'text/html': string;
        };
      };
    };
  };
}

export const table = {
  placeOrder: { method: 'POST', path: '/v1/orders', body: 'json', answer: 'json' },
  listOrders: { method: 'GET', path: '/v1/orders', answer: 'list' },
  cancelOrder: { method: 'POST', path: '/v1/orders/{order_id}/cancel', body: 'json', answer: 'json' },
  markOrderPaid: { method: 'POST', path: '/v1/orders/{order_id}/mark-paid', body: 'json', answer: 'json' },
  getOrderCounts: { method: 'GET', path: '/v1/order-counts', answer: 'json' },
  getOrder: { method: 'GET', path: '/v1/orders/{order_id}', answer: 'json' },
  listUserOrders: { method: 'GET', path: '/v1/users/{user_id}/orders', answer: 'list' },
  listOrderCountsByHour: { method: 'GET', path: '/v1/order-counts/hours', answer: 'json' },
  listOrderEvents: { method: 'GET', path: '/v1/orders/{order_id}/events', answer: 'list' },
  registerUser: { method: 'POST', path: '/v1/users', body: 'form', answer: 'json' },
  listUsers: { method: 'GET', path: '/v1/users', answer: 'list' },
  replaceIdProof: { method: 'PUT', path: '/v1/users/{user_id}/id-proof', body: 'form', answer: 'json' },
  downloadIdProof: { method: 'GET', path: '/v1/users/{user_id}/id-proof', answer: 'blob' },
  eraseUser: { method: 'POST', path: '/v1/users/{user_id}/erase', answer: 'json' },
  changeUserDetails: { method: 'PATCH', path: '/v1/users/{user_id}', body: 'json', answer: 'json' },
  getUser: { method: 'GET', path: '/v1/users/{user_id}', answer: 'json' },
  listUserEvents: { method: 'GET', path: '/v1/users/{user_id}/events', answer: 'list' },
  addProduct: { method: 'POST', path: '/v1/products', body: 'json', answer: 'json' },
  listProducts: { method: 'GET', path: '/v1/products', answer: 'list' },
  changeProduct: { method: 'PATCH', path: '/v1/products/{product_id}', body: 'json', answer: 'json' },
  getProduct: { method: 'GET', path: '/v1/products/{product_id}', answer: 'json' },
  retireProduct: { method: 'POST', path: '/v1/products/{product_id}/retire', answer: 'json' },
  reinstateProduct: { method: 'POST', path: '/v1/products/{product_id}/reinstate', answer: 'json' },
  listProductEvents: { method: 'GET', path: '/v1/products/{product_id}/events', answer: 'list' },
  addCategory: { method: 'POST', path: '/v1/categories', body: 'json', answer: 'json' },
  getCategoryTree: { method: 'GET', path: '/v1/categories', answer: 'json' },
  changeCategory: { method: 'PATCH', path: '/v1/categories/{cat_id}', body: 'json', answer: 'json' },
  removeCategory: { method: 'DELETE', path: '/v1/categories/{cat_id}', answer: 'json' },
  getCategory: { method: 'GET', path: '/v1/categories/{cat_id}', answer: 'json' },
  getCategoryOrderCounts: { method: 'GET', path: '/v1/categories/{cat_id}/order-counts', answer: 'json' },
  listCategoryEvents: { method: 'GET', path: '/v1/categories/events', answer: 'list' },
  countStock: { method: 'POST', path: '/v1/products/{product_id}/stock/count', body: 'json', answer: 'json' },
  receiveStock: { method: 'POST', path: '/v1/products/{product_id}/stock/receive', body: 'json', answer: 'json' },
  adjustStock: { method: 'POST', path: '/v1/products/{product_id}/stock/adjust', body: 'json', answer: 'json' },
  endStockTracking: { method: 'DELETE', path: '/v1/products/{product_id}/stock', answer: 'json' },
  getProductStock: { method: 'GET', path: '/v1/products/{product_id}/stock', answer: 'json' },
  listStock: { method: 'GET', path: '/v1/stock', answer: 'list' },
  listStockEvents: { method: 'GET', path: '/v1/products/{product_id}/stock/events', answer: 'list' },
  getOpenApiDocument: { method: 'GET', path: '/openapi.json', answer: 'json' },
  getLiveness: { method: 'GET', path: '/health/live', answer: 'json' },
  getReadiness: { method: 'GET', path: '/health/ready', answer: 'json', answers503: true },
  getMetrics: { method: 'GET', path: '/metrics', answer: 'text' },
  explainProblem: { method: 'GET', path: '/problems/{code}', answer: 'json' },
  getStatus: { method: 'GET', path: '/v1/ops/status', answer: 'json' },
  listReadModels: { method: 'GET', path: '/v1/ops/read-models', answer: 'json' },
  listLogEvents: { method: 'GET', path: '/v1/log', answer: 'list' },
  startJob: { method: 'POST', path: '/v1/ops/jobs', body: 'json', answer: 'json' },
  listJobs: { method: 'GET', path: '/v1/ops/jobs', answer: 'list' },
  getJob: { method: 'GET', path: '/v1/ops/jobs/{job_id}', answer: 'json' },
  cancelJob: { method: 'DELETE', path: '/v1/ops/jobs/{job_id}', answer: 'json' },
  getQuarantine: { method: 'GET', path: '/v1/ops/quarantine', answer: 'json' },
  retryQuarantined: { method: 'POST', path: '/v1/ops/quarantine/retry', body: 'json', answer: 'json' },
  skipQuarantined: { method: 'POST', path: '/v1/ops/quarantine/skip', body: 'json', answer: 'json' },
  getDocumentationPage: { method: 'GET', path: '/docs', answer: 'text' },
} as const;

export const roles = {
  placeOrder: ['customer', 'clerk', 'admin'],
  listOrders: ['clerk', 'admin'],
  cancelOrder: ['customer', 'clerk', 'admin'],
  markOrderPaid: ['clerk', 'admin'],
  getOrderCounts: ['clerk', 'admin'],
  getOrder: ['customer', 'clerk', 'admin'],
  listUserOrders: ['customer', 'clerk', 'admin'],
  listOrderCountsByHour: ['clerk', 'admin'],
  listOrderEvents: ['admin'],
  registerUser: ['clerk', 'admin'],
  listUsers: ['clerk', 'admin'],
  replaceIdProof: ['customer', 'clerk', 'admin'],
  downloadIdProof: ['customer', 'clerk', 'admin'],
  eraseUser: ['admin'],
  changeUserDetails: ['customer', 'clerk', 'admin'],
  getUser: ['customer', 'clerk', 'admin'],
  listUserEvents: ['admin'],
  addProduct: ['admin'],
  listProducts: ['customer', 'clerk', 'admin'],
  changeProduct: ['admin'],
  getProduct: ['customer', 'clerk', 'admin'],
  retireProduct: ['admin'],
  reinstateProduct: ['admin'],
  listProductEvents: ['admin'],
  addCategory: ['admin'],
  getCategoryTree: ['customer', 'clerk', 'admin'],
  changeCategory: ['admin'],
  removeCategory: ['admin'],
  getCategory: ['customer', 'clerk', 'admin'],
  getCategoryOrderCounts: ['customer', 'clerk', 'admin'],
  listCategoryEvents: ['admin'],
  countStock: ['clerk', 'admin'],
  receiveStock: ['clerk', 'admin'],
  adjustStock: ['clerk', 'admin'],
  endStockTracking: ['admin'],
  getProductStock: ['clerk', 'admin'],
  listStock: ['clerk', 'admin'],
  listStockEvents: ['clerk', 'admin'],
  getOpenApiDocument: null,
  getLiveness: null,
  getReadiness: null,
  getMetrics: ['admin'],
  explainProblem: null,
  getStatus: ['admin'],
  listReadModels: ['admin'],
  listLogEvents: ['admin'],
  startJob: ['admin'],
  listJobs: ['admin'],
  getJob: ['admin'],
  cancelJob: ['admin'],
  getQuarantine: ['admin'],
  retryQuarantined: ['admin'],
  skipQuarantined: ['admin'],
  getDocumentationPage: null,
} as const;
