// This is the storage format. A change needs a new version, an upcaster and a recorded sample (see CONTRIBUTING).
import { z } from 'zod';
import { eventType, type FactOf } from '../engine/index.js';

const time = z.iso.datetime();
const catId = z.int().min(1);

export const categoryEvents = {
  CategoryAdded: eventType(
    'CategoryAdded',
    z.strictObject({
      cat_id: catId,
      code: z.string().nullable(),
      name: z.string(),
      /** Null at the top of the tree. */
      parent_cat_id: catId.nullable(),
      added_at: time,
    }),
  ),
  CategoryRenamed: eventType('CategoryRenamed', z.strictObject({ cat_id: catId, name: z.string(), renamed_at: time })),
  CategoryMoved: eventType(
    'CategoryMoved',
    z.strictObject({ cat_id: catId, parent_cat_id: catId.nullable(), moved_at: time }),
  ),
  CategoryRemoved: eventType('CategoryRemoved', z.strictObject({ cat_id: catId, removed_at: time })),
};

export type CategoryFact = FactOf<typeof categoryEvents>;
