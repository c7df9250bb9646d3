/** What one caller waits for an answer, request after request on one connection. */
import { Agent, request } from 'node:http';
import { median, percentile } from './statistics.js';

export interface Read {
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** 200 by default. */
  readonly status?: number;
}

export interface Timed {
  readonly median_ms: number;
  readonly p99_ms: number;
  readonly bytes: number;
}

export interface Got {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

const WARM_UP = 50;

/** @throws Error if an answer has another status */
export async function timedRead(url: string, read: Read, times = 300): Promise<Timed> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const took: number[] = [];
  let bytes = 0;
  try {
    for (let n = 0; n < times + WARM_UP; n++) {
      const begun = performance.now();
      const { text } = await get(url, read, agent);
      if (n >= WARM_UP) took.push(performance.now() - begun);
      bytes = text.length;
    }
  } finally {
    agent.destroy();
  }
  return { median_ms: rounded(median(took)), p99_ms: rounded(percentile(took, 0.99)), bytes };
}

export function get(url: string, { path, headers = {}, status = 200 }: Read, agent?: Agent): Promise<Got> {
  return new Promise((resolve, reject) => {
    const asked = request(url + path, { headers, ...(agent && { agent }) }, (answer) => {
      let text = '';
      answer.setEncoding('utf8');
      answer.on('data', (piece: string) => (text += piece));
      answer.on('error', reject);
      answer.on('end', () => {
        if (answer.statusCode === status) resolve({ status, headers: answer.headers, text });
        else reject(new Error(`${path} was answered with ${answer.statusCode}: ${text.slice(0, 500)}`));
      });
    });
    asked.on('error', reject);
    asked.end();
  });
}

export function rounded(value: number): number {
  return Math.round(value * 100) / 100;
}
