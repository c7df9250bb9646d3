/** What the checking process is asked and answers. */
export type PdfVerdict = 'acceptable' | 'not-pdf' | 'encrypted' | 'active-content' | 'damaged';

/** A stored document; in the clear it exists in the checking process's memory only. */
export interface PdfQuestion {
  readonly path: string;
  readonly documentId: string;
  /** base64url */
  readonly key: string;
}

export type PdfAnswer =
  | {
      readonly verdict: PdfVerdict;
      /** The process has grown and had better be followed by a new one. */
      readonly spent: boolean;
    }
  /** The document could not be read from the disk: nothing is known about it. */
  | { readonly failed: string };

/** The signal by which the checking process ends itself when a document takes too much memory or time; nobody else sends it. */
export const TOO_MUCH = 'SIGUSR2';

/** Of the checking process, as its arguments. */
export interface OwnLimits {
  /** Of all its memory. */
  readonly memoryBytes: number;
  /** That it computes for one document: how busy the machine is does not count. */
  readonly cpuMs: number;
}
