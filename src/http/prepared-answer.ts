import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';

/** One form of an answer. */
export interface Representation {
  /** Strong entity tag, quotes included: a digest of these bytes. */
  readonly etag: string;
  readonly bytes: Buffer;
}

/** An answer that is asked for far more often than it changes: made once, sent as it is. */
export interface PreparedAnswer {
  readonly identity: Representation;
  readonly gzip: Representation;
}

const compress = promisify(gzip);

export async function prepareAnswer(json: string): Promise<PreparedAnswer> {
  const bytes = Buffer.from(json, 'utf8');
  return { identity: tagged(bytes), gzip: tagged(await compress(bytes)) };
}

function tagged(bytes: Buffer): Representation {
  const digest = createHash('sha256').update(bytes).digest('base64url').slice(0, 27);
  return { etag: `"${digest}"`, bytes };
}
