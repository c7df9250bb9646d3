import type { Engine } from '../../src/engine/index.js';
import { users } from './projection.js';

/** Who wants to order. */
export interface FoundUser {
  readonly user_id: string;
  readonly status: 'active' | 'erased';
  readonly hasIdProof: boolean;
}

/** Users by their ids. A quarantined one is a miss: the event that waits may be the erasure. */
export const buyers: Parameters<Engine['jointQuery']>[1][number] = {
  model: users,
  text: `
    select coalesce(json_agg(json_build_object(
      'user_id', u.user_id, 'status', u.status, 'hasIdProof', u.id_proof is not null)), '[]')
    from {schema}.users u
    where u.user_id = any($1::uuid[]) and 'user-' || u.user_id not in {quarantined}`,
};
