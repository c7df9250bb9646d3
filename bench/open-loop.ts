/**
 * The times of an open loop: requests are sent at a fixed rate, whether or not the ones before have come back, and the time of each
 * counts from when it was to be sent. A server that stalls so has the stall in the time of everybody who came meanwhile.
 */
import { percentile } from './statistics.js';

/** When a request is to be sent, in milliseconds after the first. */
export function dueAt(request: number, rate: number): number {
  return (request * 1_000) / rate;
}

/** How many are to be sent by so many milliseconds after the first. */
export function dueBy(ms: number, rate: number): number {
  return Math.floor((ms * rate) / 1_000) + 1;
}

export interface Times {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

/**
 * The time of each request, in milliseconds.
 * @param doneAt when the answer of each was there, in milliseconds after the first was sent
 */
export function timesOf(doneAt: readonly number[], rate: number): number[] {
  return doneAt.map((at, request) => at - dueAt(request, rate));
}

export function spreadOf(times: readonly number[]): Times {
  return { p50: percentile(times, 0.5), p99: percentile(times, 0.99), max: percentile(times, 1) };
}
