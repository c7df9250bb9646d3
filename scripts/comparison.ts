/** What was found beside what is expected, and the report on it. */
const DIFFERENCES_SHOWN = 50;

export class Comparison {
  compared = 0;
  readonly differences: string[] = [];

  number(what: string, actual: number | undefined, expected: string | undefined): void {
    this.compared++;
    if (actual === undefined || String(actual) !== expected) {
      this.differences.push(`${what}: the API says ${actual ?? 'nothing'}, expected is ${expected ?? 'nothing'}`);
    }
  }

  /** Two lists, item by item and in their order. */
  list(what: string, actual: readonly unknown[], expected: readonly unknown[]): void {
    this.compared += Math.max(actual.length, expected.length, 1);
    const isLonger = actual.length !== expected.length;
    const at = expected.findIndex((one, i) => JSON.stringify(one) !== JSON.stringify(actual[i]));
    if (at < 0 && !isLonger) return;
    const [found, wanted] = [actual[at], expected[at]].map((one) => JSON.stringify(one)?.slice(0, 300) ?? 'nothing');
    const where = at < 0 ? '' : `, and as number ${at + 1} ${found} instead of ${wanted}`;
    this.differences.push(`${what}: has ${actual.length} items instead of ${expected.length}${where}`);
  }

  /** Prints the differences. @returns the exit code */
  report(what = 'numbers'): number {
    const { compared, differences } = this;
    for (const difference of differences.slice(0, DIFFERENCES_SHOWN)) console.log(difference);
    const more = differences.length - DIFFERENCES_SHOWN;
    if (more > 0) console.log(`… and ${more} more`);
    console.log(`${compared} ${what} compared, ${differences.length} differences`);
    return differences.length === 0 ? 0 : 1;
  }
}
