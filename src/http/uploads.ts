import { isUtf8 } from 'node:buffer';
import { createHash } from 'node:crypto';
import multipart, { type MultipartFile } from '@fastify/multipart';
import type { FastifyRequest } from 'fastify';
import type { z } from 'zod';
import { type Fault, print, Refusal } from '../engine/index.js';
import type { App } from './app-type.js';
import { headerFaults } from './header-faults.js';
import { Places } from './places.js';
import { Problem } from './problem.js';
import type { Turns } from './turns.js';
import { faultsOf, PARSING } from './validation.js';

/**
 * Adds routes that read multipart forms, and nothing else.
 * @param places for all of their requests: each has a connection and a draft on the disk, for as long as its sender takes
 */
export async function uploadRoutes(app: App, add: (scope: App) => void, places = new Places()): Promise<void> {
  await app.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    await scope.register(multipart, { throwFileSizeLimit: false });
    scope.addHook('onRoute', (route) => {
      const { handler } = route;
      route.handler = function (request, reply) {
        return places.hold(request.caller, async () => handler.call(this, request, reply));
      };
    });
    add(scope);
  });
}

/** The file of a form, as it comes. */
export interface FormFile extends AsyncIterable<Buffer> {
  /** It was longer than allowed, and is cut off. */
  readonly truncated: boolean;
}

export interface FormShape<Fields, Stored> {
  readonly fields: z.ZodType<Fields>;
  /** Name of the one file. */
  readonly file: string;
  /** The file beyond this is cut off, and says `truncated`; at least a field's longest is let through. */
  readonly maxBytes: number;
  /** Of all forms: a piece of a file is worked on in its turn, and its sender waits meanwhile. One that sends nothing holds none. */
  readonly pieces: Turns;
  /** Takes the file. What it does not read is passed over. */
  store(file: FormFile): Promise<Stored>;
  /** Is told what the form asks for before anything is decided about it, the file's digest in place of the file. */
  claim?(content: object): Promise<void>;
  /** Undoes `store` when the rest of the form turns out to be wrong. */
  discard(stored: Stored): Promise<void>;
}

/**
 * Reads a form of some fields and one file, which is stored as it comes.
 * @throws Problem invalid-request, id-proof-missing, unsupported-media-type, payload-too-large; and what `store` throws
 */
export async function receiveForm<Fields, Stored>(
  request: FastifyRequest,
  shape: FormShape<Fields, Stored>,
): Promise<{ fields: Fields; stored: Stored }> {
  if (!request.isMultipart()) throw new Problem('unsupported-media-type', 'This route reads multipart/form-data.');
  // The parser would wait for ever for a sender that has gone away already.
  if (request.raw.destroyed) throw notWhole();
  const faults: Fault[] = headerFaults(request);
  const values: Record<string, unknown> = {};
  const files: Stored[] = [];
  let refused: Refusal | null = null;
  let digest: string | null = null;
  try {
    for await (const part of partsOf(request, shape.maxBytes)) {
      const path = part.fieldname;
      if (isFile(part)) {
        if (path === shape.file && files.length === 0 && !refused) {
          const file = new DigestedFile(part.file, shape.pieces);
          try {
            files.push(await storePart(part, file, shape));
          } catch (error) {
            if (!(error instanceof Refusal)) throw error;
            refused = error;
          }
          digest = await file.digest().catch((error: unknown) => {
            throw asProblem(error);
          });
        } else {
          part.file.resume();
          faults.push({
            path,
            message: path === shape.file ? 'is given twice' : print.fault({ code: 'unrecognized_keys' }),
          });
        }
        continue;
      }
      const { value, fault } = await valueOf(part);
      if (path === shape.file) faults.push({ path, message: 'is not a file' });
      else if (Object.hasOwn(values, path)) faults.push({ path, message: 'is given twice' });
      else if (fault !== null) faults.push({ path, message: fault });
      else values[path] = value;
    }
    const fields = shape.fields.safeParse(values, PARSING);
    const named = new Set(faults.map(({ path }) => path));
    if (!fields.success) faults.push(...faultsOf(fields.error, 'body').filter(({ path }) => !named.has(path)));
    const [stored] = files;
    const isMissing = stored === undefined && (!refused || refused.code === 'id-proof-missing');
    if (isMissing && faults.length > 0) faults.push({ path: shape.file, message: 'is missing' });
    // What the file is comes after the form that it came in.
    if (faults.length > 0 || !fields.success) throw new Problem('invalid-request', undefined, faults);
    if (!isMissing) await shape.claim?.({ ...fields.data, [shape.file]: digest });
    if (refused) throw refused;
    if (stored === undefined) throw new Problem('id-proof-missing');
    return { fields: fields.data, stored };
  } catch (error) {
    await Promise.all(files.map((stored) => shape.discard(stored)));
    throw error;
  }
}

/** More than any form needs, to be able to name what is too much. */
const MOST_PARTS = 22;
const FIELD_BYTES = 4_096;
const LIMITS = { parts: MOST_PARTS, files: MOST_PARTS + 1, headerPairs: 20 };

/** All parts, as bytes: the parser's own decoding replaces what is no UTF-8, and so hides it. */
async function* partsOf(request: FastifyRequest, maxBytes: number): AsyncGenerator<MultipartFile> {
  const limits = { ...LIMITS, fileSize: Math.max(maxBytes, FIELD_BYTES + 1) };
  const parts = request.parts({ limits, isPartAFile: () => true });
  for (;;) {
    const part = await parts.next().catch((error: unknown) => {
      throw asProblem(error);
    });
    if (part.done) return;
    yield part.value as MultipartFile;
  }
}

function isFile({ filename, mimetype }: MultipartFile): boolean {
  return (filename as string | undefined) !== undefined || mimetype === 'application/octet-stream';
}

/** A file that is digested while it is read. */
class DigestedFile implements FormFile {
  readonly #source: MultipartFile['file'];
  readonly #hash = createHash('sha256');

  readonly #turns: Turns;

  constructor(source: MultipartFile['file'], turns: Turns) {
    this.#source = source;
    this.#turns = turns;
  }

  get truncated(): boolean {
    return this.#source.truncated;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer, void, undefined> {
    // Left open when its reader stops early: the rest of the form is behind it.
    for await (const piece of this.#source.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      const done = await this.#turns.take();
      try {
        this.#hash.update(piece);
        yield piece;
      } finally {
        done();
      }
    }
  }

  passOver(): void {
    this.#source.on('error', () => undefined);
    this.#source.resume();
  }

  /** Reads what is left of it. */
  async digest(): Promise<string> {
    if (!this.#source.readableEnded) {
      const rest = this[Symbol.asyncIterator]();
      for (let next = await rest.next(); !next.done;) next = await rest.next();
    }
    return this.#hash.digest('base64url');
  }
}

async function storePart<Stored>(
  part: MultipartFile,
  file: DigestedFile,
  shape: FormShape<unknown, Stored>,
): Promise<Stored> {
  try {
    return await shape.store(file);
  } catch (error) {
    // The sender gets to see the answer only when the form is read to its end.
    if (!(error instanceof Refusal)) file.passOver();
    // The form ended in the middle of the file.
    if (part.file.errored !== null && part.file.errored === error) throw asProblem(error);
    throw error;
  }
}

function asProblem(error: unknown): Problem {
  const { code } = error as { code?: unknown };
  if (code === 'FST_PARTS_LIMIT' || code === 'FST_FILES_LIMIT' || code === 'FST_FIELDS_LIMIT') {
    return new Problem('payload-too-large', 'The form has too many parts.');
  }
  return notWhole();
}

function notWhole(): Problem {
  return new Problem('invalid-request', 'The form can not be read: it is not whole, or not as RFC 7578 says.');
}

/** A field that is too long keeps one character more than any field may have. */
async function valueOf(part: MultipartFile): Promise<{ value: unknown; fault: string | null }> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const piece of part.file as AsyncIterable<Buffer>) {
      if (bytes <= FIELD_BYTES) pieces.push(piece);
      bytes += piece.length;
    }
  } catch (error) {
    throw asProblem(error);
  }
  if (bytes > FIELD_BYTES) return { value: 'x'.repeat(FIELD_BYTES + 1), fault: null };
  const content = Buffer.concat(pieces);
  if (!isUtf8(content)) return { value: null, fault: 'is not UTF-8' };
  const text = content.toString('utf8');
  if (part.mimetype !== 'application/json') return { value: text, fault: null };
  try {
    return { value: JSON.parse(text) as unknown, fault: null };
  } catch {
    return { value: null, fault: `is not JSON: ${print.jsonFault(text) ?? 'it can not be read'}` };
  }
}
