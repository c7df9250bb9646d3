import type pg from 'pg';
import type { BuildId } from './builds.js';

/** The build lets events wait that have taken effect in what is read: its code is worse, and switching would lose them. */
export class WorseThanLive extends Error {
  override readonly name = 'WorseThanLive';
}

/** @throws WorseThanLive */
export async function refuseWorse(db: Pick<pg.ClientBase, 'query'>, { name, build }: BuildId): Promise<void> {
  const { rows } = await db.query<{ stream: string; revision: number; message: string; more: number }>(
    `select q.stream, q.revision, q.message, count(*) over () - 1 as more
     from orderlog.quarantine q
     where q.model = $1 and q.build = $2 and exists (
       select from orderlog.builds b join orderlog.checkpoints c on c.model = b.model and c.version = b.number
       where b.model = $1 and b.state = 'active' and c.position >= q.position and not exists (
         select from orderlog.quarantine live
         where live.model = b.model and live.build = b.number and live.stream = q.stream and live.revision <= q.revision
       )
     )
     order by q.position limit 1`,
    [name, build],
  );
  const [first] = rows;
  if (!first) return;
  const others = first.more > 0 ? `, and ${first.more} other keys` : '';
  throw new WorseThanLive(
    `the new build of ${name} can not take ${first.stream}@${first.revision}${others}, which has taken effect in the one that ` +
      `is read: ${first.message}. It is not used; mend the code of the projection and rebuild again`,
  );
}
