import type { CachedTree } from '../category/cached-tree.js';
import {
  type Actor,
  type Claims,
  type CommandContext,
  type CommandHandler,
  type Engine,
  postgres,
  Refusal,
} from '../engine/index.js';
import { OrderSpent, refuseSpent } from '../order/abandon.js';
import type { ExternalReference, ImportOrder } from '../order/commands.js';
import { orderStream } from '../order/stream.js';
import { addProduct, type AddProductDeps } from '../product/add-product.js';
import { productStream } from '../product/stream.js';
import { stockStream } from '../stock/stream.js';
import type { IdProof } from '../user/commands.js';
import { eraseUser, type ErasureDeps } from '../user/erase.js';
import { registerUser } from '../user/register.js';
import type { CommandIdOf, ImportCommand } from './plan.js';
import type { Sink } from './run.js';

export interface SinkDeps {
  readonly handler: CommandHandler;
  readonly tree: CachedTree;
  readonly emailClaims: Claims;
  readonly products: Omit<AddProductDeps, 'handler'>;
  readonly categoryIds: AddProductDeps['ids'];
  readonly orderNumbers: ReturnType<Engine['sequence']>;
  readonly erasures: ErasureDeps;
  readonly emailHash: (email: string) => string;
  readonly referenceHash: (reference: string) => string;
  readonly commandIdOf: CommandIdOf;
  readonly newId: () => string;
  readonly fingerprint: (commandType: string, content: unknown) => string;
  /** Stores a file as a proof of identity. @throws Refusal */
  readonly storeIdProof: (path: string, at: string) => Promise<IdProof>;
  /** When the files were written: the business time of what has none of its own, and the same in every run. */
  readonly fileTimes: { readonly categories: string; readonly products: string; readonly users: string };
}

const actor: Actor = { kind: 'import', id: null };

/** Rows as commands. A row has the same command id in every run, so that a run finds what an earlier one has done. */
export function commandSink(deps: SinkDeps): Sink {
  const { handler, tree, emailClaims, products, fileTimes } = deps;

  const context = (type: ImportCommand, ref: string, content: unknown): CommandContext => {
    const commandId = deps.commandIdOf(type, ref);
    return {
      commandId,
      fingerprint: deps.fingerprint(type, content),
      correlationId: commandId,
      actor,
      now: new Date().toISOString(),
      // The check has read the log, so nothing of these commands is there. What another run appends meanwhile makes an append lose,
      // and is found then by the command id: an earlier attempt is not looked for.
      eventId: deps.newId,
      keyed: false,
    };
  };
  // Ids are given: the sequences go on behind the largest, told once a batch or not at all.
  const given = { next: () => products.ids.next(), moveBeyond: () => Promise.resolve() };
  let largestProduct = 0;
  // One statement for all products that come while one is under way.
  const moveBeyond = postgres.gather(async (ids: readonly number[]) => {
    await products.ids.moveBeyond(Math.max(...ids));
    return ids;
  }, 1);

  const referenced = (reference: string): ExternalReference => ({ reference, hash: deps.referenceHash(reference) });

  return {
    async addCategories(batch): Promise<number> {
      await deps.categoryIds.moveBeyond(Math.max(...batch.map((row) => row.cat_id)));
      const categories = batch.map(({ cat_id, code, name, parent_cat_id }) => ({ cat_id, code, name, parent_cat_id }));
      const ids = categories.map((category) => category.cat_id).join();
      const { appended } = await tree.execute(
        { type: 'ImportCategories', categories, at: fileTimes.categories },
        context('ImportCategories', ids, categories),
      );
      return appended;
    },

    async addProduct({ line: _, retired, ...row }): Promise<number> {
      if (row.product_id > largestProduct) {
        largestProduct = row.product_id;
        await moveBeyond(row.product_id);
      }
      const { appended } = await addProduct(
        { ...products, handler, ids: given },
        { type: 'AddProduct', ...row, unknownCategories: [], at: fileTimes.products },
        context(retired ? 'AddRetiredProduct' : 'AddProduct', String(row.product_id), row),
        { isNew: true },
      );
      return appended === 0 ? 0 : appended + 1;
    },

    async countStock({ product_id, on_hand }): Promise<number> {
      const { appended } = await handler.execute(
        stockStream,
        String(product_id),
        { type: 'CountStock', on_hand, reason: 'import' },
        context('ImportStock', String(product_id), { on_hand }),
        // Not tracked when the log was read; if it is now, the append says so and the second look finds it.
        { isNew: true },
      );
      return appended;
    },

    async registerUser({ line, user_ref, user_id, name, email, id_proof, registered_at }): Promise<number> {
      const at = registered_at ?? atLine(fileTimes.users, line);
      const proof = id_proof === null ? null : await deps.storeIdProof(id_proof, at);
      const { appended } = await registerUser(
        handler,
        emailClaims,
        {
          type: 'ImportUser',
          user_id,
          name,
          email,
          email_hash: deps.emailHash(email),
          id_proof: proof,
          at,
        },
        context('ImportUser', user_ref, { user_id, name, email }),
      );
      return appended === 0 ? 0 : appended + 1;
    },

    async placeOrder({ line: _, order_ref, user_ref: _userRef, external_reference, ...row }): Promise<number> {
      const command = async (): Promise<ImportOrder> => {
        const external = external_reference === null ? null : referenced(external_reference);
        return { type: 'ImportOrder', ...row, number: await deps.orderNumbers.next(), external };
      };
      try {
        const own = context('ImportOrder', order_ref, row);
        // Not there when the log was read; if it is now, the append says so and the second look finds it.
        const options = { isNew: true, guard: refuseSpent };
        return (await handler.execute(orderStream, row.order_id, command, own, options)).appended;
      } catch (error) {
        if (!(error instanceof OrderSpent)) throw error;
        throw new Refusal(
          'external-reference-taken',
          `The user gave up an order under the reference ${external_reference ?? order_ref}: give it another external_reference.`,
        );
      }
    },

    async retireProduct({ product_id }): Promise<number> {
      const own = context('RetireProduct', String(product_id), {});
      const command = { type: 'RetireProduct', at: own.now } as const;
      return (await handler.execute(productStream, String(product_id), command, own)).appended;
    },

    async eraseUser({ user_ref, user_id }): Promise<number> {
      return (await eraseUser(deps.erasures, user_id, context('EraseUser', user_ref, {}))).appended;
    },
  };
}

/**
 * Rows of one file go to the log at once, in no fixed order. A millisecond a line gives lists, which are by business time, the order
 * of the file on every log.
 */
function atLine(fileTime: string, line: number): string {
  return new Date(Date.parse(fileTime) + line).toISOString();
}
