/** A process with 60 MB that live, beside garbage that grows old first. Prints how large the heap was at most, in times of what lives. */
import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { keepHeapLean } from '../../src/ops/lean-heap.js';

if (process.argv[2] === 'lean') keepHeapLean();
const made = (n: number): object => ({ n, text: `number ${n}` });
const living = Array.from({ length: 500_000 }, (_, n) => made(n));
setFlagsFromString('--expose-gc');
(runInNewContext('gc') as () => void)();
const lives = getHeapStatistics().used_heap_size;
const aging = Array.from({ length: 50_000 }, (_, n) => made(n));
let most = 0;
for (let n = 0; n < 8_000_000; n += 1) {
  aging[n % aging.length] = made(n);
  if (n % 10_000 === 0) most = Math.max(most, getHeapStatistics().used_heap_size);
}
console.log(JSON.stringify({ times: most / lives, living: living.length }));
