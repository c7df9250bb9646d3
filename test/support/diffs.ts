/** Diffs as a page shows them: with files and hunks, but without line numbers, which would be wrong after the next change. */

export interface FileDiff {
  readonly path: string;
  /** The file is not there before. */
  readonly isNew: boolean;
  readonly hunks: readonly (readonly string[])[];
}

/** The diffs in the code blocks of a page, in their order. */
export function diffsIn(markdown: string): FileDiff[] {
  return [...markdown.matchAll(/^```diff\n(.*?)^```$/gms)].map(([, text = '']) => {
    const [from = '', to = '', ...lines] = text.split('\n').slice(0, -1);
    const hunks: string[][] = [];
    for (const line of lines) {
      if (line === '@@') hunks.push([]);
      else hunks.at(-1)?.push(line);
    }
    return { path: to.replace('+++ b/', ''), isNew: from === '--- /dev/null', hunks };
  });
}

/** The text with the hunks applied. @throws Error unless each hunk fits at exactly one place */
export function applied(text: string, { path, isNew, hunks }: FileDiff): string {
  if (isNew) return `${hunks.flatMap((hunk) => side(hunk, '+')).join('\n')}\n`;
  return hunks.reduce((now, hunk) => {
    const [before, after] = [`\n${side(hunk, '-').join('\n')}\n`, `\n${side(hunk, '+').join('\n')}\n`];
    const places = `\n${now}\n`.split(before).length - 1;
    if (places !== 1) throw new Error(`a hunk of ${path} fits at ${places} places:${before}`);
    return `\n${now}\n`.replace(before, () => after).slice(1, -1);
  }, text);
}

/** What a hunk has on one side. A line without its mark is an empty one. */
function side(hunk: readonly string[], mark: '+' | '-'): string[] {
  return hunk.filter((line) => [mark, ' ', ''].includes(line.slice(0, 1))).map((line) => line.slice(1));
}

/** Runs of changed lines that follow each other: what somebody edits at one place. */
export function editsOf({ hunks }: FileDiff): number {
  const isChanged = (line: string | undefined): boolean => line !== undefined && /^[+-]/.test(line);
  return hunks.flatMap((hunk) => hunk.filter((line, i) => isChanged(line) && !isChanged(hunk[i - 1]))).length;
}
