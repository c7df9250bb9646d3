import type pg from 'pg';
import type { BuildId } from './registry.js';
import { IS_LOST } from '../projecting/lost-history.js';

/** The build lets events wait that have taken effect in what is read: switching would lose them. */
export class WorseThanLive extends Error {
  override readonly name = 'WorseThanLive';
  constructor(
    /** What would be lost, for callers that have another remedy. */
    readonly loss: string,
    /** The first key of which something would be. */
    readonly stream: string,
  ) {
    super(`${loss}. It is not used; mend the code of the projection and rebuild again`);
  }
}

/**
 * Compared with what processes of its version read now.
 * @throws WorseThanLive
 */
export async function refuseWorse(
  db: Pick<pg.ClientBase, 'query'>,
  { name, build, version }: BuildId & { readonly version: number },
): Promise<void> {
  const { rows } = await db.query<{ stream: string; revision: number; message: string; more: number }>(
    `select q.stream, q.revision, q.message, count(*) over () - 1 as more
     from orderlog.quarantine q
     where q.model = $1 and q.build = $2 and exists (
       select from orderlog.builds b join orderlog.checkpoints c on c.model = b.model and c.build = b.number
       where b.model = $1 and b.state = 'active' and b.version <= $3 and c.position >= q.position and not ${IS_LOST('c')} and not exists (
         select from orderlog.quarantine live
         where live.model = b.model and live.build = b.number and live.stream = q.stream and live.revision <= q.revision
       )
     )
     order by q.position limit 1`,
    [name, build, version],
  );
  const [first] = rows;
  if (!first) return;
  const others = first.more > 0 ? `, and ${first.more} other keys` : '';
  const what = `${first.stream}@${first.revision}${others}`;
  throw new WorseThanLive(
    `build ${build} of ${name} can not take ${what}, which has taken effect in the one that is read: ${first.message}`,
    first.stream,
  );
}
