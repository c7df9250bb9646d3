/** Each operation of the document is called through the client; the compiler asks for the call of a new one. */
import t from 'tap';
import { createClient, type OperationId } from '../../clients/typescript/src/index.js';
import type { CommandEnd } from '../../src/ops/jobs/command-runner.js';
import { required } from '../access/guarded.js';
import { runningApp } from '../support/running-app.js';
import { tinyPdf } from '../support/tiny-pdf.js';

t.test('every operation is called through the client and answers', async (t) => {
  const runCommand = (): Promise<CommandEnd> => Promise.resolve({ document: {}, exitCode: 0, remark: '' });
  const { http } = await runningApp(t, { access: required, runCommand });
  const client = createClient({ baseUrl: http.url, token: http.key ?? '' });
  const orderlog = client.session();
  const pdf = tinyPdf();
  const id_proof = new Blob([new Uint8Array(pdf)], { type: 'application/pdf' });
  const { cat_id } = (await orderlog.addCategory({ name: 'Shoes', code: 'shoes' })).data;
  const spare = (await orderlog.addCategory({ name: 'Spare', parent_cat_id: cat_id })).data.cat_id;
  const product = { sku: 'BOOT-1', name: 'Boot', price: 9_900, currency: 'EUR', cat_ids: [cat_id] };
  const { product_id } = (await orderlog.addProduct(product)).data;
  const { user_id } = (await orderlog.registerUser({ name: 'Ada', email: 'ada@shop.test', id_proof })).data;
  const items = [{ product_id, quantity: 2 }];
  const { order_id } = (await orderlog.placeOrder({ user_id, items })).data;
  const cancelled = (await orderlog.placeOrder({ user_id, items })).data.order_id;

  const started = await orderlog.startJob({ kind: 'verify' });
  const { checkpoint } = (await orderlog.getStatus()).data.models[0] ?? { checkpoint: '' };
  const job = { job_id: started.data.job_id, until: checkpoint };
  /** There is no order in quarantine here. */
  const notQuarantined = (error: unknown): { data: unknown; response: Response } => {
    t.match(error, { code: 'not-quarantined' });
    return { data: {}, response: new Response() };
  };

  // In this order: what is erased or retired is so at the end.
  const calls: {
    readonly [Id in OperationId]: () => Promise<{ readonly data: unknown; readonly response: Response }>;
  } = {
    getLiveness: () => orderlog.getLiveness(),
    getReadiness: () => orderlog.getReadiness(),
    getMetrics: () => orderlog.getMetrics(),
    getOpenApiDocument: () => orderlog.getOpenApiDocument(),
    getDocumentationPage: () => orderlog.getDocumentationPage(),
    explainProblem: () => orderlog.explainProblem({ code: 'order-paid' }),
    getStatus: () => orderlog.getStatus(),
    listReadModels: () => orderlog.listReadModels(),
    listLogEvents: () => orderlog.listLogEvents({ stream: 'order-' }),
    startJob: () => orderlog.startJob({ kind: 'replay', model: 'users', until: job.until }),
    listJobs: () => orderlog.listJobs({ kind: 'verify' }),
    getJob: () => orderlog.getJob({ job_id: job.job_id }),
    cancelJob: () => orderlog.cancelJob({ job_id: job.job_id }),
    getQuarantine: () => orderlog.getQuarantine({ model: 'users' }),
    retryQuarantined: () => orderlog.retryQuarantined({}),
    skipQuarantined: () => orderlog.skipQuarantined({ stream: 'order-1@0', reason: 'a test' }).catch(notQuarantined),
    addCategory: () => orderlog.addCategory({ name: 'Hats' }),
    changeCategory: () => orderlog.changeCategory({ cat_id: spare, parent_cat_id: null }),
    getCategory: () => orderlog.getCategory({ cat_id }),
    getCategoryTree: () => orderlog.getCategoryTree({ depth: 1 }),
    getCategoryOrderCounts: () => orderlog.getCategoryOrderCounts({ cat_id }),
    getOrderCounts: () => orderlog.getOrderCounts(),
    listOrderCountsByHour: () => orderlog.listOrderCountsByHour(),
    removeCategory: () => orderlog.removeCategory({ cat_id: spare }),
    addProduct: () => orderlog.addProduct({ ...product, sku: 'BOOT-2' }),
    changeProduct: () => orderlog.changeProduct({ product_id, price: 8_900 }),
    getProduct: () => orderlog.getProduct({ product_id }),
    listProducts: () => orderlog.listProducts({ cat_id }),
    countStock: () => orderlog.countStock({ product_id, on_hand: 10 }),
    receiveStock: () => orderlog.receiveStock({ product_id, quantity: 5, reference: 'delivery 7' }),
    adjustStock: () => orderlog.adjustStock({ product_id, quantity: -1, reason: 'broken' }),
    getProductStock: () => orderlog.getProductStock({ product_id }),
    listStock: () => orderlog.listStock({ cat_id }),
    listStockEvents: () => orderlog.listStockEvents({ product_id }),
    endStockTracking: () => orderlog.endStockTracking({ product_id }),
    placeOrder: () => orderlog.placeOrder({ user_id, items }),
    markOrderPaid: () => orderlog.markOrderPaid({ order_id, reference: 'invoice 7' }, { ifMatch: 0 }),
    cancelOrder: () => orderlog.cancelOrder({ order_id: cancelled }),
    getOrder: () => orderlog.getOrder({ order_id }),
    listOrders: () => orderlog.listOrders({ status: 'paid' }),
    listUserOrders: () => orderlog.listUserOrders({ user_id }),
    listOrderEvents: () => orderlog.listOrderEvents({ order_id }),
    retireProduct: () => orderlog.retireProduct({ product_id }),
    reinstateProduct: () => orderlog.reinstateProduct({ product_id }),
    registerUser: () => orderlog.registerUser({ name: 'Bob', email: 'bob@shop.test', id_proof }),
    changeUserDetails: () => orderlog.changeUserDetails({ user_id, name: 'Ada L.' }),
    replaceIdProof: () => orderlog.replaceIdProof({ user_id, id_proof }),
    downloadIdProof: () => orderlog.downloadIdProof({ user_id }),
    getUser: () => orderlog.getUser({ user_id }),
    listUsers: () => orderlog.listUsers({ email: 'ada@shop.test' }),
    listProductEvents: () => orderlog.listProductEvents({ product_id }),
    listCategoryEvents: () => orderlog.listCategoryEvents({ limit: 2 }),
    listUserEvents: () => orderlog.listUserEvents({ user_id }),
    eraseUser: () => orderlog.eraseUser({ user_id }),
  };
  const csv = await (await orderlog.raw('listOrders', {}, { headers: { accept: 'text/csv' } })).text();
  const rows = csv.trim().split('\r\n').slice(1);
  t.same(
    rows.map((row) => row.split(',')[0]),
    [cancelled, order_id],
    'raw gives the list as a file',
  );
  const answers = new Map<string, unknown>();
  for (const [id, call] of Object.entries(calls)) {
    const { data, response } = await call();
    t.ok(response.status < 300, `${id}: ${response.status}`);
    t.equal(data === undefined, response.status === 204, `${id} has data`);
    answers.set(id, data);
  }
  t.same(Buffer.from(await (answers.get('downloadIdProof') as Blob).arrayBuffer()), pdf, 'a download is the file');
  t.match(answers.get('listUsers'), [{ user_id }]);
  t.match(answers.get('getMetrics'), /^# HELP /);
  t.match(answers.get('getOpenApiDocument'), { openapi: '3.1.0' });
});
