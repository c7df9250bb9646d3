import type { VNode } from 'preact';
import { Empty } from '../ui/parts.js';

export const NotFound = (): VNode => (
  <Empty title="There is no such page.">
    <a href="/console/">Go to the overview</a>
  </Empty>
);
