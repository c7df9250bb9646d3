/** The rules of `promtool check metrics`, over the text that Prometheus reads. */

interface Family {
  help: string | null;
  type: string | null;
  readonly series: string[];
}

const UNITS: Readonly<Record<string, string>> = {
  milliseconds: 'seconds',
  ms: 'seconds',
  minutes: 'seconds',
  hours: 'seconds',
  days: 'seconds',
  kilobytes: 'bytes',
  megabytes: 'bytes',
  mb: 'bytes',
  kb: 'bytes',
  percent: 'ratio',
};

/** What is wrong with the metrics, one line each. */
export function lintMetrics(text: string): string[] {
  const families = new Map<string, Family>();
  const findings: string[] = [];
  const family = (name: string): Family => {
    const known = families.get(name) ?? { help: null, type: null, series: [] };
    families.set(name, known);
    return known;
  };
  const seen = new Set<string>();
  for (const line of text.split('\n')) {
    const [, kind, name, rest] = /^# (HELP|TYPE) (\S+) ?(.*)$/.exec(line) ?? [];
    if (kind === 'HELP' && name !== undefined) {
      if (family(name).help !== null) findings.push(`${name}: described twice`);
      family(name).help = rest ?? '';
    } else if (kind === 'TYPE' && name !== undefined) family(name).type = rest ?? '';
    else if (line !== '' && !line.startsWith('#')) {
      const series = line.slice(0, line.lastIndexOf(' '));
      if (seen.has(series)) findings.push(`${series}: told twice`);
      seen.add(series);
      const full = series.replace(/\{.*$/, '');
      const base = full.replace(/_(?:bucket|sum|count)$/, '');
      family(families.has(full) || !families.has(base) ? full : base).series.push(series);
    }
  }
  for (const [name, one] of families) findings.push(...lintFamily(name, one).map((finding) => `${name}: ${finding}`));
  return findings;
}

function lintFamily(name: string, { help, type }: Family): string[] {
  const words = name.split('_');
  const isDistribution = type === 'histogram' || type === 'summary';
  return [
    ...(help ? [] : ['no help']),
    ...(type === null ? ['no type'] : []),
    ...(/^[a-z][a-z0-9_]*$/.test(name) && !name.includes('__') ? [] : ['not in snake_case']),
    ...(type === 'counter' && !name.endsWith('_total') ? ['a counter that does not end in _total'] : []),
    ...(type !== 'counter' && name.endsWith('_total') ? ['ends in _total and is no counter'] : []),
    ...(!isDistribution && /_(?:count|sum|bucket)$/.test(name) ? ['ends like a part of a histogram'] : []),
    ...(type !== null && words.includes(type) ? ['has its type in its name'] : []),
    ...words.flatMap((word) => (UNITS[word] ? [`has the unit ${word} instead of ${UNITS[word]}`] : [])),
  ];
}
