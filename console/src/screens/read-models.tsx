import type { VNode } from 'preact';
export const ReadModels = (): VNode => <h1>Read models</h1>;
