/** Random histories as logs, each of what one read model is about. */
import type fc from 'fast-check';
import { MemoryVault } from './memory-vault.js';
import { operations, PlainCatalog } from './plain-catalog.js';
import { OrdersInTheLog, orderSteps } from './plain-orders.js';
import { UsersInTheLog, userSteps } from './plain-users.js';
import { TestLog } from './project.js';
import { PlainStock, stockSteps } from './plain-stock.js';
import { shopHistories } from './shop.js';

export type Histories = fc.Arbitrary<() => Promise<TestLog>>;

export const ofShops: Histories = shopHistories.map((shop) => () => Promise.resolve(shop.log));

export const ofCatalogs: Histories = operations.map((all) => () => {
  const catalog = new PlainCatalog(new TestLog());
  for (const one of all) catalog.carryOut(one);
  return Promise.resolve(catalog.log);
});

export const ofOrders: Histories = orderSteps.map((steps) => async () => {
  const orders = new OrdersInTheLog(new TestLog(), new MemoryVault());
  for (const step of steps) await orders.carryOut(step);
  return orders.log;
});

export const ofUsers: Histories = userSteps.map((steps) => async () => {
  const users = new UsersInTheLog(new TestLog(), new MemoryVault());
  for (const step of steps) await users.carryOut(step);
  return users.log;
});

export const ofStock: Histories = stockSteps.map((steps) => () => {
  const stock = new PlainStock(new TestLog());
  for (const step of steps) stock.carryOut(step);
  return Promise.resolve(stock.log);
});
