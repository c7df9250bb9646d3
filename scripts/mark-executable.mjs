// npm links the bin of the checkout itself without looking at its mode: `npx orderlog` needs the bit set.
import { chmodSync } from 'node:fs';
chmodSync(new URL('../dist/src/cli.js', import.meta.url), 0o755);
