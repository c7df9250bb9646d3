/** For queries of other read models beside this one, on products in a category or below it. */
export const byCategory = {
  /** Ids of the products, retired ones too, that come after one, ascending. The arguments are expressions. */
  ids(catId: string, after: string): string {
    const ofStatus = (status: string): string =>
      `select product_id from {schema:products}.standing
       where cat_id = ${catId} and status = '${status}' and product_id > ${after}`;
    return `${ofStatus('active')} union all ${ofStatus('retired')} order by product_id`;
  },

  /** The rows of a page; of a category that is there at least one, though a row of nulls. */
  page(catId: string, page: string): string {
    return `select page.* from {schema:products}.categories c left join lateral (${page}) page on true
      where c.cat_id = ${catId}`;
  },
};
