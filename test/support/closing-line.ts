/**
 * The last line of a run: `N passed, N failed`, of assertions. Counted where they stand, in the innermost tests; what is
 * skipped or still to do is neither.
 * @param results what tap wrote, as TAP 14
 * @param code tap's exit code: a run that failed has a failure to show, if only itself
 */
export function closingLine(results: string, code: number): string {
  let passed = 0;
  let failed = 0;
  let depth = 0;
  let isDiagnostic = false;
  for (const line of results.split('\n')) {
    const text = line.trimStart();
    if (text === '---' || text === '...') isDiagnostic = text === '---';
    if (isDiagnostic || !/^(ok|not ok|\d+\.\.\d+)\b/.test(text)) continue;
    const indent = line.length - text.length;
    // A line after deeper ones sums those up.
    const isSum = indent < depth;
    depth = indent;
    if (isSum || /# (TODO|SKIP)/i.test(text)) continue;
    if (text.startsWith('ok')) passed += 1;
    else if (text.startsWith('not')) failed += 1;
  }
  return `${passed} passed, ${code === 0 ? failed : Math.max(failed, 1)} failed`;
}

/** Longest diagnostic shown of a failure, in lines. */
const MOST_LINES = 80;

/**
 * What failed, for people: each failure with the tests it stands in and what tap says about it.
 * @param results what tap wrote, as TAP 14
 */
export function failures(results: string): string {
  const shown: string[] = [];
  const path: { readonly indent: number; readonly name: string }[] = [];
  let lines: string[] | null = null;
  let isDiagnostic = false;
  const end = (): void => {
    if (lines) shown.push(lines.slice(0, MOST_LINES).join('\n'));
    lines = null;
  };
  for (const line of results.split('\n')) {
    const text = line.trimStart();
    const indent = line.length - text.length;
    if (text === '---' || text === '...') {
      isDiagnostic = text === '---';
      if (!isDiagnostic) end();
    } else if (isDiagnostic) lines?.push(line);
    else if (/^(ok|not ok|# Subtest:)/.test(text)) {
      end();
      while ((path.at(-1)?.indent ?? -1) >= indent) path.pop();
      if (text.startsWith('#')) path.push({ indent, name: text.replace('# Subtest: ', '') });
      else if (text.startsWith('not') && !/# (TODO|SKIP)/i.test(text)) {
        lines = [`not ok: ${[...path.map(({ name }) => name), text.replace(/^not ok \d+ - /, '')].join(' > ')}`];
      }
    }
  }
  end();
  return shown.join('\n');
}
