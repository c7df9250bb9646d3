import type pg from 'pg';
import type { BuildId } from './registry.js';
import { allCheckpoints } from '../projecting/checkpoint-reads.js';
import { firstWorse } from '../quarantine/quarantined.js';

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
  const live = (await allCheckpoints(db)).filter(
    (one) => one.name === name && one.buildState === 'active' && (one.version ?? 0) <= version && !one.error?.lost,
  );
  const first = await firstWorse(db, { name, build }, live);
  if (!first) return;
  const others = first.more > 0 ? `, and ${first.more} other keys` : '';
  const what = `${first.stream}@${first.revision}${others}`;
  throw new WorseThanLive(
    `build ${build} of ${name} can not take ${what}, which has taken effect in the one that is read: ${first.message}`,
    first.stream,
  );
}
