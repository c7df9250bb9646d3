/** Where DOCUMENTS_URL says that documents are. */
export interface Bucket {
  readonly name: string;
  /** Of every key; empty, or ends with a slash. */
  readonly prefix: string;
  /** The name of the bucket stands in the path of a request, not in its host name. */
  readonly pathStyle: boolean;
}

const FORM = 's3://bucket, s3://bucket/prefix or s3://bucket/prefix?path-style=true';
const NAME = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;

/** @returns the bucket, or what is wrong with the URL */
export function readBucketUrl(text: string): { readonly bucket: Bucket | null; readonly faults: readonly string[] } {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url?.protocol !== 's3:' || !NAME.test(url.hostname)) {
    return { bucket: null, faults: [`is not of the form ${FORM}`] };
  }
  const faults: string[] = [];
  if (url.username !== '' || url.password !== '' || url.port !== '' || url.hash !== '') {
    faults.push('names more than a bucket and a prefix: put the credentials into AWS_ACCESS_KEY_ID and so on');
  }
  const unknown = [...url.searchParams.keys()].filter((name) => name !== 'path-style');
  if (unknown.length > 0) faults.push('has an unknown setting: it knows path-style only');
  const pathStyle = url.searchParams.get('path-style') ?? 'false';
  if (!['true', 'false'].includes(pathStyle)) faults.push('has a path-style that is neither true nor false');
  const path = decodeURIComponent(url.pathname).replace(/^\/+|\/+$/g, '');
  const prefix = path === '' ? '' : `${path}/`;
  return { bucket: { name: url.hostname, prefix, pathStyle: pathStyle === 'true' }, faults };
}
