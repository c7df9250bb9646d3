/** The order command of a published library. Emmett is installed for the benchmark alone: no dependency of the project. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { peerOf, type Running } from '../processes.js';
import { type Rated, ratesOf } from '../rates.js';
import type { Bench, Figure, Row } from '../row.js';
import { seed } from '../shop.js';

/** Pinned, so that two runs compare with the same. */
const PACKAGES = [
  '@event-driven-io/emmett@0.42.0',
  '@event-driven-io/emmett-postgresql@0.42.0',
  '@event-driven-io/pongo@0.16.11',
];
const INSTALL_MS = 120_000;

export const emmett: Row = {
  name: 'emmett',
  what: 'placing an order of 3 lines, 16 and 64 connections',
  peer: 'Emmett on Postgres: CommandHandler and inline projection on the same route',
  run: async (bench) => {
    const shop = await bench.shop();
    const at = install(bench.folder);
    await shop.query('orderlog', 'CREATE DATABASE emmett');
    const peer = await peerOf('emmett', shop.configOf('emmett'), at);
    await seed(peer, shop.pool.users, shop.pool.products);
    for (const target of [shop.ours, peer]) {
      await shop.load(target, { kind: 'place', connections: 64, seconds: bench.quick ? 1 : 4 });
    }
    const figures: Figure[] = [];
    for (const connections of [16, 64]) {
      const { rates, costs } = await measured(bench, peer, connections);
      figures.push(rates, ...costs);
    }
    await peer.stop();
    return figures;
  },
};

async function measured(bench: Bench, peer: Running, connections: number): Promise<Rated> {
  const shop = await bench.shop();
  const what = `orders of 3 lines, ${connections} connections, against Emmett`;
  const sides = { ours: shop.ours, peer };
  return ratesOf(bench, what, { ratioAtLeast: connections === 16 ? 2 : 3 }, sides, async (target, seconds) => {
    await shop.settled();
    return shop.load(target, { kind: 'place', connections, seconds });
  });
}

/** @returns the folder, deleted with that of the benchmark */
function install(folder: string): string {
  const at = join(folder, 'emmett');
  mkdirSync(at);
  writeFileSync(join(at, 'package.json'), JSON.stringify({ private: true }));
  const args = ['install', '--no-audit', '--no-fund', '--ignore-scripts', '--save-exact', ...PACKAGES];
  const { status, stderr } = spawnSync('npm', args, { cwd: at, encoding: 'utf8', timeout: INSTALL_MS });
  if (status === 0) return at;
  throw new Error(
    `npm could not install ${PACKAGES.join(' ')}: is the registry within reach? Name the other rows to do without.\n${stderr}`,
  );
}
