/** Reads a backup from end to end before anything is made of it: that it is whole, and as it was written. */
import { createHash } from 'node:crypto';
import { masterKeyOf, unwrapKey, WrongMasterKey } from '../crypto/wrapped-key.js';
import type { DocumentStore } from '../documents/document-store.js';
import { WrongUse } from '../commands/output.js';
import type { Progress } from '../engine/index.js';
import { contentOf, entriesOf } from './archive-reader.js';
import { sha256 } from './archive-writer.js';
import {
  documentLine,
  DOCUMENTS,
  KEY_CHECK,
  MANIFEST,
  MANIFEST_DIGEST,
  type Manifest,
  readManifest,
} from './manifest.js';

const MOST_MANIFEST_BYTES = 64 * 1024 * 1024;
const DOCUMENT = new RegExp(`^${DOCUMENTS}([\\da-f]{8}(?:-[\\da-f]{4}){3}-[\\da-f]{12})$`);
const PART = /^tables\/[a-z_]+\/\d{6}\.copy\.gz$/;

export interface Checked {
  readonly manifest: Manifest;
  /** Of the manifest: tells one backup from all others. */
  readonly digest: string;
  /** How many of its documents are in the folder already. */
  readonly documentsThere: number;
}

/** The id of the document that an entry holds; null if it holds none. */
export function documentOf(name: string): string | null {
  return DOCUMENT.exec(name)?.[1] ?? null;
}

/** @throws WrongUse that says what is wrong with the file */
export async function checkBackup(
  file: string,
  documents: DocumentStore,
  { progress, signal }: { readonly progress: Progress; readonly signal: AbortSignal },
): Promise<Checked> {
  const parts = new Map<string, { bytes: number; sha256: string }>();
  const digest = createHash('sha256');
  const sum = { count: 0, bytes: 0 };
  let documentsThere = 0;
  let text: string | null = null;
  let named: string | null = null;
  progress.start('checking the parts', null);
  for await (const entry of entriesOf(file)) {
    signal.throwIfAborted();
    const { name, bytes } = entry;
    const id = documentOf(name);
    if (id !== null) {
      digest.update(documentLine(id, bytes));
      for await (const piece of entry.content) digest.update(piece);
      sum.count += 1;
      sum.bytes += bytes;
      if (await documents.has(id)) documentsThere += 1;
    } else if (PART.test(name) && !parts.has(name)) {
      const own = createHash('sha256');
      for await (const piece of entry.content) own.update(piece);
      parts.set(name, { bytes, sha256: own.digest('hex') });
    } else if (name === MANIFEST) text = (await contentOf(entry, MOST_MANIFEST_BYTES)).toString('utf8');
    else if (name === MANIFEST_DIGEST) named = (await contentOf(entry, MOST_MANIFEST_BYTES)).toString('utf8');
    else
      throw new WrongUse(
        `${file} is no backup of Orderlog: it holds ${JSON.stringify(name)}${parts.has(name) ? ' twice' : ''}`,
      );
    progress.advance();
  }
  progress.stop();
  if (text === null && parts.size === 0)
    throw new WrongUse(`${file} is no backup of Orderlog: it holds no ${MANIFEST}`);
  if (text === null || named === null)
    throw new WrongUse(`${file} is cut off: its ${MANIFEST} is missing. Fetch it again`);
  const manifest = readManifest(text, file);
  const digestOfManifest = sha256(text);
  const damaged = [
    ...(named === `${digestOfManifest}  ${MANIFEST}\n` ? [] : [MANIFEST]),
    ...damagedParts(manifest, parts),
    ...(sameDocuments(manifest, { ...sum, sha256: digest.digest('hex') }) ? [] : [DOCUMENTS]),
  ];
  if (damaged.length > 0) {
    throw new WrongUse(
      `${file} is damaged: not as it was written are ${damaged.join(', ')}. Fetch it again, or use another`,
    );
  }
  return { manifest, digest: digestOfManifest, documentsThere };
}

/** Names of parts that are missing, changed, or too many. */
function damagedParts({ tables }: Manifest, parts: ReadonlyMap<string, { bytes: number; sha256: string }>): string[] {
  const wanted = tables.flatMap((table) => table.parts);
  const known = new Set(wanted.map(({ name }) => name));
  const faulty = wanted.filter(({ name, bytes, sha256 }) => {
    const found = parts.get(name);
    return found?.bytes !== bytes || found.sha256 !== sha256;
  });
  return [...faulty.map(({ name }) => name), ...[...parts.keys()].filter((name) => !known.has(name))];
}

function sameDocuments({ documents }: Manifest, found: Manifest['documents']): boolean {
  return documents.count === found.count && documents.bytes === found.bytes && documents.sha256 === found.sha256;
}

/** @param place where the master key was found @throws WrongUse */
export function checkMasterKey({ key_check }: Manifest, masterKey: Uint8Array, place: string, file: string): void {
  try {
    unwrapKey(masterKeyOf(masterKey), KEY_CHECK, Buffer.from(key_check, 'base64'));
  } catch (error) {
    if (!(error instanceof WrongMasterKey)) throw error;
    throw new WrongUse(
      `${place} is not the one that the keys in ${file} are wrapped with: nothing in it could be read. Put that of the ` +
        'installation that was backed up there, or set MASTER_KEY (or MASTER_KEY_FILE) to it',
      { cause: error },
    );
  }
}
