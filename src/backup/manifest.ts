// This is the storage format of a backup's manifest. A change that older versions would misread needs a new format number.
import { z } from 'zod';
import { print } from '../engine/index.js';
import { WrongUse } from '../commands/output.js';

/** A tar file: the parts of the tables, gzipped COPY text, then the documents as they are, then these two. */
export const MANIFEST = 'manifest.json';
/** Of the manifest, as `sha256sum` writes it: the last entry. */
export const MANIFEST_DIGEST = 'manifest.json.sha256';
export const DOCUMENTS = 'documents/';
/** The name to which the manifest's `key_check` is bound. */
export const KEY_CHECK = 'backup';
const FORMAT = 1;
const MAGIC = 'orderlog-backup';
const REMEDY = 'Fetch it again, or use another';

const count = z.int().min(0);
const digest = z.string().regex(/^[\da-f]{64}$/);

const manifestSchema = z.object({
  magic: z.literal(MAGIC),
  format: z.literal(FORMAT),
  /** Of the Orderlog that wrote it. */
  version: z.string(),
  made_at: z.iso.datetime(),
  log: z.object({ id: z.uuid(), kind: z.enum(['postgres', 'eventstoredb', 'memory']) }),
  /** Of the head of the log, as every answer names it. */
  position: z.string(),
  /** In this file: none where the log is on another server. */
  events: count,
  users: count,
  /** Something that the master key has wrapped, by which it is known again. Base64. */
  key_check: z.string(),
  migrations: z.array(z.string()),
  tables: z.array(
    z.object({
      name: z.string(),
      columns: z.array(z.string()),
      rows: count,
      parts: z.array(z.object({ name: z.string(), bytes: count, sha256: digest })),
    }),
  ),
  /** The digest is that of all of them, each behind a line with its id and size. */
  documents: z.object({ count, bytes: count, sha256: digest }),
});

export type Manifest = z.infer<typeof manifestSchema>;
export type TableEntry = Manifest['tables'][number];

export const manifestHead = { magic: MAGIC, format: FORMAT } as const;

/** Stands before each document in the digest of all. */
export function documentLine(id: string, bytes: number): string {
  return `${id} ${bytes}\n`;
}

/** @throws WrongUse for what is none, or of a later format */
export function readManifest(text: string, file: string): Manifest {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    const fault = print.jsonFault(text) ?? 'it is nested too deeply';
    throw new WrongUse(`${file} is damaged: its ${MANIFEST} is not JSON: ${fault}. ${REMEDY}`);
  }
  const { magic, format, version } = (json ?? {}) as { magic?: unknown; format?: unknown; version?: unknown };
  if (magic !== MAGIC) throw new WrongUse(`${file} is no backup of Orderlog`);
  if (typeof format === 'number' && format > FORMAT) {
    throw new WrongUse(
      `${file} is of a later format (${format}): restore it with Orderlog ${String(version)} or newer`,
    );
  }
  const read = manifestSchema.safeParse(json);
  if (read.success) return read.data;
  throw new WrongUse(`${file} is damaged: in its ${MANIFEST}, ${z.prettifyError(read.error)}\n${REMEDY}`);
}
