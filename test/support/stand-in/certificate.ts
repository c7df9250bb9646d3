import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const folder = join(import.meta.dirname, '../../../../test/fixtures/stand-in');

export interface LoopbackCertificate {
  readonly key: string;
  readonly cert: string;
  /** For `tlsCAFile`: it is signed by itself. */
  readonly certFile: string;
}

/** A pair for 127.0.0.1 and localhost, in the repository because a bare machine has nothing to make one with. */
export function loopbackCertificate(): LoopbackCertificate {
  const certFile = join(folder, 'test-only-loopback.cert.pem');
  const key = readFileSync(join(folder, 'test-only-loopback.key.pem'), 'utf8');
  return { key, cert: readFileSync(certFile, 'utf8'), certFile };
}
