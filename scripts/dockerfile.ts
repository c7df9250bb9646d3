/** Replays a Dockerfile in folders: COPY and RUN as they stand, each stage a folder in place of the root of an image. */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';

export interface Stage {
  readonly image: string;
  /** In place of `/`. */
  readonly root: string;
  workdir: string;
  readonly environment: Record<string, string>;
  entrypoint: readonly string[];
  healthcheck: readonly string[];
}

export interface Replay {
  /** The files that a build would be given, without what .dockerignore names. */
  readonly context: string;
  /** An empty folder for the stages. */
  readonly folder: string;
  /** What RUN is given beside the stage's own. */
  readonly environment: Readonly<Record<string, string>>;
  readonly say: (line: string) => void;
}

/** Copies a checkout as `docker build` would send it. */
export function buildContext(checkout: string, context: string): void {
  const ignored = readFileSync(join(checkout, '.dockerignore'), 'utf8').split('\n').filter(Boolean);
  const left = new Set(ignored.map((name) => join(checkout, name)));
  cpSync(checkout, context, { recursive: true, filter: (source) => !left.has(source) });
}

/** @returns the last stage. @throws Error at the first line that fails or is not known */
export function replay(dockerfile: string, { context, folder, environment, say }: Replay): Stage {
  const stages = new Map<string, Stage>();
  let stage: Stage | undefined;
  for (const line of instructions(dockerfile)) {
    const [, name = '', rest = ''] = /^([A-Z]+)\s+(.*)$/s.exec(line) ?? [];
    say(line);
    if (name === 'FROM') {
      const [image = '', , alias = ''] = rest.split(/\s+/);
      stage = newStage(image, join(folder, `stage-${stages.size + 1}`));
      stages.set(alias, stage);
      continue;
    }
    if (!stage) throw new Error(`before FROM: ${line}`);
    if (name === 'WORKDIR') mkdirSync(inside(stage, (stage.workdir = rest)), { recursive: true });
    else if (name === 'ENV') {
      const [variable = '', ...value] = rest.split('=');
      stage.environment[variable] = value.join('=');
    } else if (name === 'COPY') copy(stage, rest, context, stages);
    else if (name === 'RUN') run(stage, rest, environment);
    else if (name === 'ENTRYPOINT') stage.entrypoint = JSON.parse(rest) as string[];
    else if (name === 'HEALTHCHECK') stage.healthcheck = JSON.parse(rest.replace(/^.*?CMD\s+/, '')) as string[];
    else if (!['USER', 'VOLUME', 'CMD'].includes(name)) throw new Error(`nothing replays ${line}`);
  }
  if (!stage) throw new Error('there is no FROM');
  return stage;
}

/** Lines that go on with a backslash joined; comments left out. */
function instructions(dockerfile: string): string[] {
  const text = dockerfile.replace(/^#.*\n/gm, '').replace(/\\\n/g, ' ');
  return text.split('\n').filter((line) => line.trim() !== '');
}

function newStage(image: string, root: string): Stage {
  mkdirSync(root, { recursive: true });
  return { image, root, workdir: '/', environment: {}, entrypoint: [], healthcheck: [] };
}

/** Where a path of the image lies. */
export function inside({ root, workdir }: Stage, path: string): string {
  return join(root, resolve(workdir, path));
}

function copy(stage: Stage, words: string, context: string, stages: ReadonlyMap<string, Stage>): void {
  const [, from, paths = ''] = /^(?:--from=(\S+)\s+)?(.*)$/.exec(words) ?? [];
  const sources = paths.split(/\s+/);
  const target = sources.pop() ?? '';
  const other = from === undefined ? null : stages.get(from);
  if (other === undefined) throw new Error(`there is no stage ${String(from)}`);
  for (const source of sources) {
    const path = other ? inside(other, source) : join(context, source);
    // As COPY does it: into a folder if the target ends with a slash, or else in its place.
    const place = target.endsWith('/') ? join(inside(stage, target), basename(source)) : inside(stage, target);
    cpSync(path, place, { recursive: true, verbatimSymlinks: true });
  }
}

/** Absolute paths of the command are those of the stage; there is no user `node` to give files to. */
function run(stage: Stage, command: string, environment: Readonly<Record<string, string>>): void {
  const tools = join(stage.root, '../tools');
  mkdirSync(tools, { recursive: true });
  writeFileSync(join(tools, 'chown'), '#!/bin/sh\n', { mode: 0o755 });
  const text = command.replace(/(?<=\s)\/(?=\w)/g, `${stage.root}/`);
  execFileSync('sh', ['-ec', text], {
    cwd: inside(stage, '.'),
    env: { ...environment, ...stage.environment, PATH: `${tools}:${environment['PATH'] ?? ''}` },
    stdio: ['ignore', 'inherit', 'inherit'],
  });
}
