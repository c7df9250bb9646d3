/**
 * For queries of other read models beside this one: how many of a product can be promised, or null if it is not tracked.
 * @param productId an expression
 */
export function available(productId: string): string {
  return `(select s.on_hand - s.reserved from {schema:stock}.stock s where s.product_id = ${productId})`;
}
