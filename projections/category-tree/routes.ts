import { z } from 'zod';
import { categoryAnswer, type CategoryAnswer, totalProducts } from '../../src/category/answer.js';
import { type Position, Refusal } from '../../src/engine/index.js';
import { queryHead } from '../../src/http/answers.js';
import type { App } from '../../src/http/app-type.js';
import { asOf, type AsOf } from '../../src/http/as-of.js';
import { prepareAnswer, type PreparedAnswer } from '../../src/http/prepared-answer.js';
import type { PositionTokens } from '../../src/http/position-token.js';
import { dataOf, id, idText, queryInteger } from '../../src/http/schemas.js';
import { sendPrepared } from '../../src/http/send-prepared.js';
import type { CategoryTree } from './read-model.js';

export interface CategoryQueryDeps {
  readonly tree: CategoryTree;
  readonly tokens: PositionTokens;
  readonly past: AsOf;
  /** What the read model does not know yet, from the stream. */
  readonly fromStream: (catId: number) => Promise<{ position: Position; category: CategoryAnswer } | null>;
}

interface TreeNode {
  cat_id: number;
  name: string;
  total_products: number;
  child_categories: TreeNode[];
}

const node: z.ZodType<TreeNode> = z
  .strictObject({
    cat_id: id,
    name: z.string(),
    total_products: totalProducts,
    get child_categories(): z.ZodArray<z.ZodType<TreeNode>> {
      return z.array(node);
    },
  })
  .meta({ id: 'CategoryNode' });

const tags = ['categories'];
const depth = queryInteger(1, 999_999_999);

export function categoryQueries(app: App, { tree, tokens, past, fromStream }: CategoryQueryDeps): void {
  app.get(
    '/v1/categories',
    {
      config: { kind: 'query', problems: ['category-not-found'] },
      schema: {
        operationId: 'getCategoryTree',
        summary: 'The category tree with totals',
        tags,
        querystring: z.strictObject({ root: idText.optional(), depth: depth.optional(), as_of: asOf }),
        response: { 200: dataOf(z.array(node)), 304: z.null() },
      },
    },
    async (request, reply) => {
      const { root, depth: levels } = request.query;
      const { freshness } = await past.asked(request);
      const known = await tree.tree({ root, depth: levels }, freshness);
      const isKnown = known.answer !== null || root === undefined || freshness.at !== undefined;
      const { answer, position } = isKnown ? known : ((await newRoot(root)) ?? known);
      if (!answer) throw notFound(root);
      queryHead(reply, tokens, { position });
      return sendPrepared(request, reply, answer);
    },
  );

  app.get(
    '/v1/categories/:cat_id',
    {
      config: { kind: 'query', tagged: true, problems: ['category-not-found'] },
      schema: {
        operationId: 'getCategory',
        summary: 'A category',
        tags,
        params: z.strictObject({ cat_id: idText }),
        querystring: z.strictObject({ as_of: asOf }),
        response: { 200: dataOf(categoryAnswer) },
      },
    },
    async (request, reply) => {
      const { cat_id } = request.params;
      const { freshness } = await past.asked(request);
      const known = await tree.category(cat_id, freshness);
      const isKnown = known.category !== null || freshness.at !== undefined;
      const { category, position } = isKnown ? known : ((await fromStream(cat_id)) ?? known);
      if (!category) throw notFound(cat_id);
      queryHead(reply, tokens, { position }, category.revision);
      return { data: category };
    },
  );

  /** As it was when it was added: nothing stood below it. */
  async function newRoot(catId: number): Promise<{ position: Position; answer: PreparedAnswer } | null> {
    const found = await fromStream(catId);
    if (!found) return null;
    const { cat_id, name, total_products } = found.category;
    const data: TreeNode[] = [{ cat_id, name, total_products, child_categories: [] }];
    return { position: found.position, answer: await prepareAnswer(JSON.stringify({ data })) };
  }
}

function notFound(catId: number | undefined): Refusal {
  return new Refusal('category-not-found', `There is no category ${catId}.`);
}
