import {
  type Claims,
  type CommandContext,
  type CommandHandler,
  type Engine,
  type Outcome,
  Refusal,
  streamId,
} from '../engine/index.js';
import type { AddProduct } from './commands.js';
import type { ProductState } from './decider.js';
import { productStream } from './stream.js';

const TRIES = 10;

export interface AddProductDeps {
  readonly handler: CommandHandler;
  readonly skuClaims: Claims;
  readonly ids: ReturnType<Engine['sequence']>;
}

export interface AddProductOptions {
  /** A given id was seen to be free a moment ago: its stream is not read first. */
  readonly isNew?: boolean;
}

type AddProductRequest = Omit<AddProduct, 'product_id'> & { readonly product_id?: number };

/** AddProduct: an id, then the SKU is claimed, then the product is recorded where the claim says. */
export async function addProduct(
  deps: AddProductDeps,
  request: AddProductRequest,
  context: CommandContext,
  options: AddProductOptions = {},
): Promise<Outcome<ProductState>> {
  const outcome = await add(deps, request, context, options);
  if (request.product_id !== undefined) await deps.ids.moveBeyond(request.product_id);
  return outcome;
}

async function add(
  deps: AddProductDeps,
  request: AddProductRequest,
  context: CommandContext,
  options: AddProductOptions,
): Promise<Outcome<ProductState>> {
  const { handler, skuClaims, ids } = deps;
  const given = request.product_id;
  const claimed = await claimedBefore(deps, request, context);
  let product_id = given ?? claimed ?? (await ids.next());
  // A drawn id has hardly ever a stream yet; a given one, or one of an earlier attempt, may have.
  let isNew = claimed === null && (given === undefined || options.isNew === true);
  for (let attempt = 0; attempt < TRIES; attempt++) {
    const stream = productStream.name(String(product_id));
    let isClaimed = false;
    try {
      return await handler.execute(productStream, String(product_id), { ...request, product_id }, context, {
        isNew,
        beforeAppend: async (revision) => {
          isClaimed = false;
          await skuClaims.acquire(request.sku, { stream, revision }, context);
          isClaimed = true;
        },
      });
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      if (isClaimed && error.code === 'product-exists') {
        // Another product was recorded under this id meanwhile.
        await skuClaims.release(request.sku, stream, context);
        if (given !== undefined) throw error;
        product_id = await ids.next();
      } else {
        // It may be this very command that has the SKU, sent twice at once: then both use the id that was first.
        const other = await claimedBefore(deps, request, context);
        if (other === null || other === product_id) throw error;
        product_id = other;
      }
      isNew = false;
    }
  }
  throw new Refusal('revision-conflict', 'The product was overtaken again and again.');
}

/** The id that another attempt of the same command has drawn and claimed the SKU for; null where there is none. */
async function claimedBefore(
  { skuClaims }: AddProductDeps,
  { sku, product_id: given }: AddProductRequest,
  { keyed, commandId }: CommandContext,
): Promise<number | null> {
  if (!keyed || given !== undefined) return null;
  const owner = await skuClaims.claimedFor(sku, commandId);
  return owner === null ? null : Number(streamId(owner));
}
