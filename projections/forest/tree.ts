import type { live } from '../../src/engine/index.js';

/** The event by which something happens to a place. */
export type Step = Pick<live.ProjectedEvent, 'revision' | 'position'>;

export interface Label {
  readonly name: string;
  readonly code: string | null;
}

/** What happens to the places of a tree, as handlers say it: on a live page, or in a chunk of the bulk path. */
export interface Tree {
  add(step: Step, id: number, parent: number | null, label?: Label): void;
  move(step: Step, id: number, parent: number | null): void;
  remove(step: Step, id: number): void;
}
