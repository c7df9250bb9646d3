import { problemKind } from '../problem-codes.js';
import type { Examples } from './example.js';

const { status, title, explanation } = problemKind('order-paid');

/** Of what every application has. */
export const operationsExamples: Examples = {
  getLiveness: { answer: { status: 'ok', checks: {} } },
  getReadiness: { answer: { status: 'ok', checks: {} } },
  getMetrics: { answer: '# HELP process_cpu_user_seconds_total Total user CPU time spent in seconds.\n…' },
  getOpenApiDocument: { answer: { openapi: '3.1.0', info: { title: 'Orderlog' } } },
  getDocumentationPage: { answer: '<!DOCTYPE html>…' },
  explainProblem: {
    params: { code: 'order-paid' },
    answer: { data: { code: 'order-paid', status, title, explanation } },
  },
};
