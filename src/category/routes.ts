import { z } from 'zod';
import { type CommandContext, type Engine, type Freshness, type Outcome, Refusal } from '../engine/index.js';
import { commandAnswer, emptyAnswer, type ReplyHead } from '../http/answers.js';
import type { App } from '../http/app-type.js';
import { commandContext, type HashKey } from '../http/command-context.js';
import { ifMatchOf, requireRevision } from '../http/etag.js';
import { freshnessOf } from '../http/freshness.js';
import type { PositionTokens } from '../http/position-token.js';
import { code, dataOf, id, idText, name, noBody } from '../http/schemas.js';
import { categoryAnswer, type CategoryAnswer } from './answer.js';
import type { CachedTree } from './cached-tree.js';
import type { CategoryCommand } from './commands.js';
import { categoryDecider, known, type Tree } from './decider.js';

export interface CategoryRouteDeps {
  readonly tree: CachedTree;
  readonly hashKey: HashKey;
  readonly tokens: PositionTokens;
  readonly ids: ReturnType<Engine['sequence']>;
  /** Whether products stand in the category, by all that is in the log now. @throws Refusal read-model-behind */
  readonly holdsProducts: (catId: number, waitMs: number) => Promise<boolean>;
  /** Products in the category and below, as far as the read model is; 0 where it does not know the category yet. */
  readonly totalProducts: (catId: number, freshness: Freshness) => Promise<number>;
}

const TRIES = 10;

const tags = ['categories'];
const params = z.strictObject({ cat_id: idText });
const parent = id.nullable().optional();
const newCategory = z.strictObject({ cat_id: id.optional(), code: code.optional(), name, parent_cat_id: parent });

export function categoryRoutes(app: App, deps: CategoryRouteDeps): void {
  const { tree, hashKey, tokens } = deps;

  app.post(
    '/v1/categories',
    {
      config: {
        kind: 'command',
        tagged: true,
        problems: ['category-exists', 'category-code-taken', 'unknown-category'],
      },
      schema: {
        operationId: 'addCategory',
        summary: 'Add a category',
        tags,
        body: newCategory,
        response: { 201: dataOf(categoryAnswer) },
      },
    },
    async (request, reply) => {
      const context = commandContext(request, hashKey, 'AddCategory', request.body);
      const { cat_id, code: given = null, name: ownName, parent_cat_id = null } = request.body;
      const outcome = await addCategory(deps, cat_id, (drawn) => {
        const category = { cat_id: drawn, code: given, name: ownName, parent_cat_id, at: context.now };
        return tree.execute({ type: 'AddCategory', ...category }, context);
      });
      const added = cat_id ?? addedAt(outcome);
      return answer(reply, outcome, added, 0, `/v1/categories/${added}`);
    },
  );

  app.patch(
    '/v1/categories/:cat_id',
    {
      config: {
        kind: 'command',
        tagged: true,
        problems: ['category-not-found', 'category-cycle', 'unknown-category'],
      },
      schema: {
        operationId: 'changeCategory',
        summary: 'Rename or move a category',
        tags,
        params,
        body: z.strictObject({ name: name.optional(), parent_cat_id: parent }),
        response: { 200: dataOf(categoryAnswer) },
      },
    },
    async (request, reply) => {
      const { cat_id } = request.params;
      const { name: newName, parent_cat_id } = request.body;
      const context = commandContext(request, hashKey, 'ChangeCategory', { cat_id, ...request.body });
      const command: CategoryCommand = {
        type: 'ChangeCategory',
        cat_id,
        ...(newName !== undefined && { name: newName }),
        ...(parent_cat_id !== undefined && { parent_cat_id }),
        at: context.now,
      };
      // Before the command: what can't be answered in time is not carried out either. It moves no product in or out.
      const total = await deps.totalProducts(cat_id, freshnessOf(request.headers, tokens));
      const outcome = await tree.execute(command, context, guard(request, cat_id));
      return answer(reply, outcome, cat_id, total);
    },
  );

  app.delete(
    '/v1/categories/:cat_id',
    {
      config: { kind: 'command', problems: ['category-not-found', 'category-not-empty', 'read-model-behind'] },
      schema: {
        operationId: 'removeCategory',
        summary: 'Remove an empty category',
        tags,
        params,
        body: noBody,
        response: { 204: z.null() },
      },
    },
    async (request, reply) => {
      const { cat_id } = request.params;
      const context: CommandContext = commandContext(request, hashKey, 'RemoveCategory', { cat_id });
      const command = { type: 'RemoveCategory', cat_id, at: context.now } as const;
      const { waitMs } = freshnessOf(request.headers, tokens);
      const isRevision = guard(request, cat_id);
      const outcome = await tree.execute(
        async () => ({ ...command, holdsProducts: await deps.holdsProducts(cat_id, waitMs) }),
        context,
        (state) => {
          isRevision(state);
          // What the tree alone refuses needs no read model.
          categoryDecider.decide(state, { ...command, holdsProducts: false });
        },
      );
      return emptyAnswer(reply, tokens, outcome);
    },
  );

  function answer(
    reply: ReplyHead,
    outcome: Outcome<Tree>,
    catId: number,
    total_products: number,
    location?: string,
  ): { data: CategoryAnswer } {
    const { cat_id, code: ownCode, name: ownName, parent_cat_id, revision } = known(outcome.state, catId);
    const data = { cat_id, code: ownCode, name: ownName, parent_cat_id, total_products, revision };
    return commandAnswer(reply, tokens, { data, location, ...outcome, revision });
  }
}

/** If-Match is about the category, not about the tree whose stream it shares. */
function guard(request: { readonly headers: Parameters<typeof ifMatchOf>[0] }, catId: number): (tree: Tree) => void {
  const condition = ifMatchOf(request.headers);
  return (tree) => {
    const category = tree.categories.get(catId);
    if (category) requireRevision(condition, category.revision);
  };
}

/** With a given id, or with one from the sequence that nobody has used. */
async function addCategory(
  { ids }: CategoryRouteDeps,
  given: number | undefined,
  add: (catId: number) => Promise<Outcome<Tree>>,
): Promise<Outcome<Tree>> {
  if (given !== undefined) {
    const outcome = await add(given);
    await ids.moveBeyond(given);
    return outcome;
  }
  for (let attempt = 1; ; attempt++) {
    const drawn = await ids.next();
    try {
      return await add(drawn);
    } catch (error) {
      if (!(error instanceof Refusal) || error.code !== 'category-exists' || attempt === TRIES) throw error;
    }
  }
}

/** The category that the command's own event added: a retry has drawn another id, and must not use it. */
function addedAt({ state, revision }: Outcome<Tree>): number {
  for (const category of state.categories.values()) if (category.revision === revision) return category.cat_id;
  throw new Refusal('category-not-found', 'The category has been removed since.');
}
