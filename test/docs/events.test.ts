import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { z } from 'zod';
import { categoryEvents } from '../../src/category/events.js';
import { skuClaims } from '../../src/product/claims.js';
import { emailClaims } from '../../src/user/claims.js';
import type { EventType, EventTypes } from '../../src/engine/core/event-type.js';
import { logOpened } from '../../src/engine/log/log-opened.js';
import { orderEvents } from '../../src/order/events.js';
import { productEvents } from '../../src/product/events.js';
import { stockEvents } from '../../src/stock/events.js';
import { userEvents } from '../../src/user/events.js';

const page = readFileSync(join(import.meta.dirname, '../../../docs/events.md'), 'utf8');

/** The streams of the page, each with the text below its heading. */
const sections = new Map(
  page.split(/^## /m).map((text) => {
    const end = text.indexOf('\n');
    return [text.slice(0, end), text.slice(end)] as const;
  }),
);

const streams: readonly (readonly [heading: string, types: EventTypes])[] = [
  ['`categoryTree-main`', categoryEvents],
  ['`product-<product_id>`', productEvents],
  ['`user-<user_id>`', userEvents],
  ['`order-<order_id>`', orderEvents],
  ['`stock-<product_id>`', stockEvents],
  ['`productSku-<sku>` and `userEmail-<keyed hash>`', { ...skuClaims.types, ...emailClaims.types }],
];

for (const [heading, types] of streams) {
  t.test(`${heading}: the page names every event with every field, and what is sealed`, async (t) => {
    const section = sections.get(heading) ?? '';
    for (const type of Object.values(types)) {
      const row = rowOf(section, type.type);
      for (const field of fieldsOf(type)) t.match(row, `\`${field}\``, `${type.type}.${field}`);
      for (const path of type.personal) {
        const field = path.split('.').at(-1) as string;
        const place = path.includes('.') ? section : row;
        t.match(place, `\`${field}\` _sealed_`, `${type.type}.${path} is sealed`);
      }
    }
    t.same(eventsOf(section).sort(), Object.keys(types).sort(), 'no event that there is not');
    for (const { type, version } of Object.values(types)) {
      if (version > 1)
        t.match(page, `\`${type}\` is at version ${version}`, 'the page says which are not at version 1');
    }
  });
}

t.test('the page names what the log itself and every event carries', async (t) => {
  const { stream, event } = logOpened('00000000-0000-7000-8000-000000000000');
  const row = rowOf(sections.get(`\`${stream}\``) ?? '', event.type);
  for (const field of Object.keys(event.data)) t.match(row, `\`${field}\``, field);
  for (const field of Object.keys(event.metadata)) t.match(page, `\n| \`${field}\` `, `metadata.${field}`);
});

t.test('the page names the fields of what stands in a field', async (t) => {
  for (const [type, field] of [
    [orderEvents.OrderPlaced, 'items'],
    [userEvents.UserRegistered, 'id_proof'],
  ] as const) {
    for (const inner of innerFields(type, field)) t.match(page, `\`${inner}\``, `${type.type}.${field}.${inner}`);
  }
});

function rowOf(section: string, event: string): string {
  return section.split('\n').find((line) => line.startsWith(`| \`${event}\` `)) ?? '';
}

function eventsOf(section: string): string[] {
  return [...section.matchAll(/^\| `(\w+)` /gm)].map((match) => match[1] as string);
}

interface JsonSchema {
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly items?: JsonSchema;
  readonly anyOf?: readonly JsonSchema[];
}

function schemaOf(type: EventType): JsonSchema {
  return z.toJSONSchema(type.schema as unknown as z.ZodType, { unrepresentable: 'any' }) as JsonSchema;
}

function fieldsOf(type: EventType): string[] {
  return Object.keys(schemaOf(type).properties ?? {});
}

function innerFields(type: EventType, field: string): string[] {
  const of = schemaOf(type).properties?.[field];
  const inner = of?.items ?? of?.anyOf?.find((one) => one.properties) ?? of;
  return Object.keys(inner?.properties ?? {});
}
