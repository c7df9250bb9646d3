/** What work on whole tables may take of the database server. */
import { availableParallelism } from 'node:os';
import type pg from 'pg';
import { isAnyLeased } from '../projecting/checkpoint-reads.js';

/**
 * How many cores of the database server may be kept busy. Half of them are for those whose requests are served meanwhile. Where no
 * process projects, nobody's are.
 */
export async function coresToUse(pool: pg.Pool): Promise<number> {
  const cores = availableParallelism();
  return (await isAnyLeased(pool)) ? Math.max(1, Math.floor(cores / 2)) : cores;
}

/**
 * How many of the cores one of several pieces of work may take, as many pieces as cores at a time: together no more than there are, and
 * more for the last ones. @param left how many pieces are not done, this one included
 */
export function shareOf(cores: number, left: number): number {
  return Math.max(1, Math.floor(cores / Math.min(cores, left)));
}

/** For statements on whole tables: plans for what is there, memory to sort in. @param cores for one statement */
export function bulkSettings(cores: number): string {
  return `
  set max_parallel_workers_per_gather = ${cores - 1}; set max_parallel_maintenance_workers = ${cores - 1};
  set enable_seqscan = on; set jit = off; set work_mem = '64MB'; set maintenance_work_mem = '128MB';
  set plan_cache_mode = force_custom_plan`;
}
