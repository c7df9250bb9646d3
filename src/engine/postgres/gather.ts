/** Most inputs of one call, and most that they may weigh together. */
const MOST = 256;
const HEAVIEST = 10_000;

/**
 * Turns calls that come at the same moment into one: inputs of one turn of the event loop go together, and while as many
 * calls as allowed are under way, what comes gathers for the next. Nothing joins a call that has started.
 */
export function gather<Input, Output>(
  call: (inputs: readonly Input[]) => Promise<readonly Output[]>,
  parallel: number,
  weigh: (input: Input) => number = () => 0,
): (input: Input) => Promise<Output> {
  interface Waiting {
    readonly input: Input;
    readonly resolve: (output: Output) => void;
    readonly reject: (error: unknown) => void;
  }
  const queue: Waiting[] = [];
  let underWay = 0;
  let scheduled = false;

  const groupSize = (): number => {
    let weight = 0;
    const size = queue.findIndex(({ input }, i) => i >= MOST || ((weight += weigh(input)) > HEAVIEST && i > 0));
    return size < 0 ? queue.length : size;
  };

  const start = (): void => {
    scheduled = false;
    while (queue.length > 0 && underWay < parallel) {
      const group = queue.splice(0, groupSize());
      underWay++;
      call(group.map((waiting) => waiting.input))
        .then(
          (outputs) => group.forEach((waiting, i) => waiting.resolve(outputs[i] as Output)),
          (error: unknown) => group.forEach((waiting) => waiting.reject(error)),
        )
        .finally(() => {
          underWay--;
          start();
        });
    }
  };

  return (input) =>
    new Promise((resolve, reject) => {
      queue.push({ input, resolve, reject });
      if (scheduled) return;
      scheduled = true;
      setImmediate(start);
    });
}
