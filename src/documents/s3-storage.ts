import { createHash, randomUUID } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { type FileHandle, open, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type * as S3 from '@aws-sdk/client-s3';
import type { Bucket } from './bucket-url.js';
import { type DocumentStorage, DocumentsUnavailable, isDocumentId, requireDocumentId } from './document-storage.js';
import { makeFolder } from './folder-storage.js';

/** How long a request may take: to connect, and as a whole with a document of the usual size. */
export interface S3Times {
  readonly connectMs: number;
  readonly requestMs: number;
  /** Before a request is tried again. */
  readonly pauseMs: number;
}

const TIMES: S3Times = { connectMs: 3_000, requestMs: 5_000, pauseMs: 200 };
/** A document may take longer, by its size. */
const SLOWEST_BYTES_PER_MS = 1_000;
const TRIES = 3;

type Sdk = typeof S3;

/**
 * Documents as objects `<prefix><document id>` of an S3 bucket. Region, endpoint and credentials come from where the SDK looks
 * for them: AWS_REGION, AWS_ENDPOINT_URL, AWS_ACCESS_KEY_ID and so on.
 */
export class S3Storage implements DocumentStorage {
  readonly #bucket: Bucket;
  readonly #folder: string;
  readonly #times: S3Times;
  #opened: Promise<{ readonly sdk: Sdk; readonly client: S3.S3Client }> | null = null;

  /** @param folder for documents that are being read */
  constructor(bucket: Bucket, folder: string, times: S3Times = TIMES) {
    this.#bucket = bucket;
    this.#folder = folder;
    this.#times = times;
  }

  async keep(documentId: string, file: string): Promise<void> {
    const Key = this.#key(documentId);
    const { size } = await stat(file);
    const md5 = createHash('md5');
    for await (const piece of createReadStream(file) as AsyncIterable<Buffer>) md5.update(piece);
    const ContentMD5 = md5.digest('base64');
    await this.#attempt('stored', size, async ({ sdk, client }, abortSignal) => {
      const Body = createReadStream(file);
      try {
        const object = { Key, Body, ContentLength: size, ContentMD5, ContentType: 'application/octet-stream' };
        await client.send(new sdk.PutObjectCommand({ ...this.#place(), ...object }), { abortSignal });
      } finally {
        Body.destroy();
      }
    });
    await rm(file, { force: true });
  }

  /** Fetches the document: a response that has begun must not depend on the bucket. */
  async open(documentId: string): Promise<FileHandle | null> {
    const Key = this.#key(documentId);
    const path = join(this.#folder, `${randomUUID()}.part`);
    await makeFolder(this.#folder);
    try {
      const isThere = await this.#attempt('read', 0, async ({ sdk, client }, abortSignal) => {
        const { Body, ContentLength } = await client.send(new sdk.GetObjectCommand({ ...this.#place(), Key }), {
          abortSignal,
        });
        const signal = AbortSignal.timeout(this.#requestMs(ContentLength ?? 0));
        await pipeline(Body as Readable, createWriteStream(path, { mode: 0o600 }), { signal });
        return true;
      });
      // Its name goes at once: the file is there until it is closed.
      return isThere ? await open(path, 'r') : null;
    } finally {
      await rm(path, { force: true });
    }
  }

  async has(documentId: string): Promise<boolean> {
    const Key = this.#key(documentId);
    const found = await this.#attempt('found', 0, async ({ sdk, client }, abortSignal) => {
      await client.send(new sdk.HeadObjectCommand({ ...this.#place(), Key }), { abortSignal });
      return true;
    });
    return found === true;
  }

  async remove(documentId: string): Promise<void> {
    await this.#delete(this.#key(documentId));
  }

  async *list({ before }: { readonly before?: Date } = {}): AsyncGenerator<readonly string[]> {
    const { prefix } = this.#bucket;
    let next: string | undefined;
    do {
      const page = await this.#attempt('listed', 0, ({ sdk, client }, abortSignal) => {
        const from = next === undefined ? {} : { ContinuationToken: next };
        return client.send(new sdk.ListObjectsV2Command({ ...this.#place(), Prefix: prefix, ...from }), {
          abortSignal,
        });
      });
      const ids = (page?.Contents ?? [])
        .filter(({ LastModified }) => !before || (LastModified !== undefined && LastModified < before))
        .map(({ Key = '' }) => Key.slice(prefix.length))
        .filter(isDocumentId);
      if (ids.length > 0) yield ids;
      next = page?.NextContinuationToken;
    } while (next !== undefined);
  }

  async check(): Promise<void> {
    const Key = `${this.#bucket.prefix}orderlog-check`;
    await this.#attempt('stored', 0, async ({ sdk, client }, abortSignal) => {
      await client.send(new sdk.PutObjectCommand({ ...this.#place(), Key, Body: 'check' }), { abortSignal });
    });
    await this.#delete(Key);
    await this.#attempt('listed', 0, async ({ sdk, client }, abortSignal) => {
      const one = { Prefix: this.#bucket.prefix, MaxKeys: 1 };
      await client.send(new sdk.ListObjectsV2Command({ ...this.#place(), ...one }), { abortSignal });
    });
  }

  async #delete(Key: string): Promise<void> {
    await this.#attempt('removed', 0, async ({ sdk, client }, abortSignal) => {
      await client.send(new sdk.DeleteObjectCommand({ ...this.#place(), Key }), { abortSignal });
    });
  }

  #place(): { readonly Bucket: string } {
    return { Bucket: this.#bucket.name };
  }

  #key(documentId: string): string {
    requireDocumentId(documentId);
    return `${this.#bucket.prefix}${documentId}`;
  }

  #requestMs(bytes: number): number {
    return this.#times.requestMs + Math.ceil(bytes / SLOWEST_BYTES_PER_MS);
  }

  /** Null for an object that is not there. @throws DocumentsUnavailable after the last try */
  async #attempt<T>(
    what: string,
    bytes: number,
    request: (opened: { readonly sdk: Sdk; readonly client: S3.S3Client }, signal: AbortSignal) => Promise<T>,
  ): Promise<T | null> {
    const opened = await (this.#opened ??= this.#open());
    for (let tries = 1; ; tries++) {
      try {
        return await request(opened, AbortSignal.timeout(this.#requestMs(bytes)));
      } catch (error) {
        const status = statusOf(error);
        if (status === 404 && (error as Error).name !== 'NoSuchBucket') return null;
        if (tries >= TRIES || isFinal(status)) {
          const why = `${(error as Error).name}${status === null ? '' : `, status ${status}`}`;
          throw new DocumentsUnavailable(`documents can't be ${what} in the bucket ${this.#bucket.name}: ${why}`, {
            cause: error,
          });
        }
        await sleep(this.#times.pauseMs * tries);
      }
    }
  }

  /** The SDK is large: only what needs it loads it. */
  async #open(): Promise<{ readonly sdk: Sdk; readonly client: S3.S3Client }> {
    const sdk = await import('@aws-sdk/client-s3');
    const client = new sdk.S3Client({
      forcePathStyle: this.#bucket.pathStyle,
      // Tried again here: the SDK does not repeat a request whose body is a stream.
      maxAttempts: 1,
      // Other makers' servers do not know the SDK's own checksums; Content-MD5 they all know.
      requestChecksumCalculation: 'WHEN_REQUIRED',
      responseChecksumValidation: 'WHEN_REQUIRED',
      // It writes warnings to the console where it has no logger.
      logger: { debug: ignore, info: ignore, warn: ignore, error: ignore },
      requestHandler: { connectionTimeout: this.#times.connectMs, socketTimeout: this.#times.requestMs },
    });
    return { sdk, client };
  }
}

const ignore = (): void => undefined;

function statusOf(error: unknown): number | null {
  const { $metadata } = error as { $metadata?: { httpStatusCode?: number } };
  return $metadata?.httpStatusCode ?? null;
}

/** The request itself is refused: no other try will do. */
function isFinal(status: number | null): boolean {
  return status !== null && status >= 400 && status < 500 && ![408, 429].includes(status);
}
