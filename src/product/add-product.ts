import {
  type Claims,
  type CommandContext,
  type CommandHandler,
  empty,
  type IdSequence,
  type Outcome,
  Refusal,
  streamId,
  WrongExpectedRevision,
} from '../engine/index.js';
import { MAX_ID } from '../values.js';
import type { AddProduct } from './commands.js';
import type { ProductState } from './decider.js';
import { productStream } from './stream.js';

const TRIES = 10;

export interface AddProductDeps {
  readonly handler: CommandHandler;
  readonly skuClaims: Claims;
  readonly ids: IdSequence;
}

type AddProductRequest = Omit<AddProduct, 'product_id'> & { readonly product_id?: number };

/** AddProduct: an id, then the SKU is claimed, then the product is recorded where the claim says. */
export async function addProduct(
  deps: AddProductDeps,
  request: AddProductRequest,
  context: CommandContext,
): Promise<Outcome<ProductState>> {
  const outcome = await add(deps, request, context);
  if (request.product_id !== undefined) await deps.ids.moveBeyond(request.product_id);
  return outcome;
}

async function add(
  deps: AddProductDeps,
  request: AddProductRequest,
  context: CommandContext,
): Promise<Outcome<ProductState>> {
  const { handler, skuClaims, ids } = deps;
  const given = request.product_id;
  const claimed = await claimedBefore(deps, request, context);
  let product_id = given ?? claimed ?? (await nextId(ids));
  // A drawn id has no stream yet; a given one, or one of an earlier attempt, may have.
  let unread = given === undefined && claimed === null;
  for (let attempt = 0; attempt < TRIES; attempt++) {
    const id = String(product_id);
    const stream = productStream.name(id);
    const loaded = unread ? empty(productStream.decider.initialState) : await handler.load(productStream, id);
    const replay = await handler.replayed(productStream, id, loaded, context);
    if (replay) return replay;
    const facts = productStream.decider.decide(loaded.state, { ...request, product_id });
    try {
      await skuClaims.acquire(request.sku, { stream, revision: loaded.revision + 1 }, context);
    } catch (error) {
      // It may be this very command that has it, sent twice at once: then both go on with the id that was first.
      const other = error instanceof Refusal ? await claimedBefore(deps, request, context) : null;
      if (other === null || other === product_id) throw error;
      product_id = other;
      unread = false;
      continue;
    }
    try {
      const after = await handler.append(productStream, id, loaded, facts, context);
      return { ...after, appended: facts.length, replayed: false };
    } catch (error) {
      if (!(error instanceof WrongExpectedRevision)) throw error;
    }
    // Someone spent that revision: with the same id, which is then taken, or by taking the claim over.
    const now = await handler.load(productStream, id);
    unread = false;
    if (!now.state || now.commands.has(context.commandId)) continue;
    await skuClaims.release(request.sku, stream, context);
    if (given !== undefined) throw new Refusal('product-exists', `Product ${product_id} exists already.`);
    product_id = await nextId(ids);
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

async function nextId(ids: IdSequence): Promise<number> {
  const id = await ids.next();
  if (id > MAX_ID) throw new Refusal('product-exists', 'The sequence of ids is used up: choose a product_id.');
  return id;
}
