/** What the compiler holds: a line that it should refuse fails the compilation if it does not. */
import t from 'tap';
import {
  type Client,
  createClient,
  type ProblemCode,
  ProblemError,
  type Schemas,
} from '../../clients/typescript/src/index.js';

const client: Client = createClient({ baseUrl: 'http://127.0.0.1:1' });

/** Never called: only compiled. */
export const compiled = {
  input: async (): Promise<void> => {
    await client.placeOrder({ user_id: 'u', items: [{ product_id: 1, quantity: 1 }] });
    // @ts-expect-error a product is named by its number
    await client.placeOrder({ user_id: 'u', items: [{ product_id: '1', quantity: 1 }] });
    // @ts-expect-error the items are missing
    await client.placeOrder({ user_id: 'u' });
    // @ts-expect-error there is no such sort
    await client.listOrders({ sort: 'name' });
    // @ts-expect-error the order is missing
    await client.getOrder();
    // @ts-expect-error a proof is a file
    await client.replaceIdProof({ user_id: 'u', id_proof: 'proof.pdf' });
    // @ts-expect-error there is no such field
    await client.cancelOrder({ order_id: 'o', motive: 'late' });
  },
  output: async (): Promise<unknown> => {
    const order: Schemas['Order'] = (await client.getOrder({ order_id: 'o' })).data;
    const status: 'placed' | 'paid' | 'cancelled' = order.status;
    const proof: Blob = (await client.downloadIdProof({ user_id: 'u' })).data;
    const next: string | null = (await client.listUsers()).next;
    const nothing: undefined = (await client.removeCategory({ cat_id: 1 })).data;
    for await (const user of client.listUsers()) user.name satisfies string | null;
    // @ts-expect-error one order has no next page
    const nextOfOne: unknown = (await client.getOrder({ order_id: 'o' })).next;
    // @ts-expect-error one order is nothing to iterate over
    const loop: AsyncIterable<unknown> = client.getOrder({ order_id: 'o' });
    return [status, proof, next, nothing, nextOfOne, loop];
  },
};

/** The compiler holds that every code of a refused proof is here. */
function whatToDo(code: Extract<ProblemCode, `id-proof-${string}`>): string {
  switch (code) {
    case 'id-proof-missing':
    case 'id-proof-not-found':
    case 'id-proof-pending':
      return 'send a proof';
    case 'id-proof-not-pdf':
      return 'send a PDF';
    case 'id-proof-encrypted':
      return 'send it without a password';
    case 'id-proof-active-content':
    case 'id-proof-damaged':
      return 'print it to a new PDF';
    default:
      return code satisfies never;
  }
}

t.test('a caught problem tells its code, and a code that does not exist is refused by the compiler', async (t) => {
  const problem = { type: '', title: '', detail: '', request_id: 'r', status: 422, code: 'id-proof-not-pdf' } as const;
  const error: unknown = new ProblemError(problem, new Response(), null);
  if (!(error instanceof ProblemError)) return t.fail();
  // @ts-expect-error there is no such code
  t.notOk(error.code === 'id-proof-too-old');
  if (error.code === 'id-proof-not-pdf') t.equal(whatToDo(error.code), 'send a PDF');
  t.equal(error.errors.length, 0);
});
