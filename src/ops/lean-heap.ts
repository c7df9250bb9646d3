import { setFlagsFromString } from 'node:v8';

/**
 * Has garbage collected when the heap is twice what lives in it. On a machine with much memory V8 waits until it is four times as
 * large: a busy server then takes twice the memory, and is no faster.
 */
export function keepHeapLean(): void {
  setFlagsFromString('--heap-growing-percent=100');
}
