import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';

/** An answer that is asked for far more often than it changes: made once, sent as it is. */
export interface PreparedAnswer {
  /** Strong entity tag, quotes included: a digest of the uncompressed bytes. */
  readonly etag: string;
  readonly identity: Buffer;
  readonly gzip: Buffer;
}

const compress = promisify(gzip);

export async function prepareAnswer(json: string): Promise<PreparedAnswer> {
  const identity = Buffer.from(json, 'utf8');
  const digest = createHash('sha256').update(identity).digest('base64url').slice(0, 27);
  return { etag: `"${digest}"`, identity, gzip: await compress(identity) };
}
