import type { IncomingHttpHeaders } from 'node:http';
import { Refusal } from '../engine/index.js';
import { listElements } from './header-list.js';
import { invalid } from './problem.js';

/** `any` is `*`; otherwise the tags of the list with their quotes, weak ones as `W/"…"`. */
export type TagCondition = 'any' | readonly string[];

const TAG = /^(?:W\/)?"[\x21\x23-\x7e\x80-\xff]*"$/;

/** The strong entity tag of a thing at a revision. */
export function revisionTag(revision: number): string {
  return `"${revision}"`;
}

/** Null without the header. @throws Problem invalid-request */
export function ifMatchOf(headers: IncomingHttpHeaders): TagCondition | null {
  const text = headers['if-match'];
  if (text === undefined) return null;
  const condition = parseTags(text);
  if (!condition) throw invalid('header.if-match', 'is neither * nor a list of entity tags such as "3"');
  return condition;
}

/** A guard for the command handler: the stream is at a revision that `If-Match` names. What is not there is left to the rules. */
export function revisionGuard(condition: TagCondition | null): (state: unknown, revision: number) => void {
  return (state, revision) => {
    if (state !== null && revision >= 0) requireRevision(condition, revision);
  };
}

/** @throws Refusal revision-mismatch */
export function requireRevision(condition: TagCondition | null, revision: number): void {
  if (condition === null || condition === 'any' || condition.includes(revisionTag(revision))) return;
  throw new Refusal('revision-mismatch', `The revision is ${revision}.`);
}

/** Whether the caller has this very answer already. A condition that can't be read is none. */
export function isNotModified(headers: IncomingHttpHeaders, tag: string): boolean {
  const text = headers['if-none-match'];
  if (text === undefined) return false;
  const condition = parseTags(text);
  return condition === 'any' || (condition?.some((one) => one.replace(/^W\//, '') === tag) ?? false);
}

function parseTags(text: string): TagCondition | null {
  if (text.trim() === '*') return 'any';
  const tags = listElements(text);
  return tags.length > 0 && tags.every((tag) => TAG.test(tag)) ? tags : null;
}
