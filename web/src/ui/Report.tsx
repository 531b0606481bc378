import { Checkbox } from '@mantine/core';
import { useMemo, useState } from 'react';
import type { Report, Schema } from '../api/client';
import { count, many } from '../lib/format';
import { MeaningDiff } from './Diff';
import { Mark, type State } from './Mark';
import { Empty, Part } from './Page';
import classes from './Report.module.css';

type Finding = Schema<'Finding'>;

const fates: Record<string, State> = {
  kept: { tone: 'good', shape: 'check', word: 'kept' },
  changed: { tone: 'wait', shape: 'warn', word: 'changed' },
  dropped: { tone: 'bad', shape: 'cross', word: 'dropped' },
  manual: { tone: 'wait', shape: 'ask', word: 'manual' },
  added: { tone: 'busy', shape: 'check', word: 'added' },
};

interface Row {
  key: string;
  fate: string;
  line?: number;
  text?: string;
  rule?: string;
  because?: string;
  out: [number, string][];
}

/** Pairs each line of the backup with what became of it; lines that were made stand where they came out. */
export function reportRows(report: Report): Row[] {
  const output = report.output ?? [];
  const taken = new Set((report.lines ?? []).flatMap((l) => l.outputs ?? []));
  const rows: Row[] = [];
  let next = 1;
  const added = (upTo: number) => {
    for (; next < upTo; next++) if (!taken.has(next)) rows.push({ key: `+${next}`, fate: 'added', out: [[next, output[next - 1]]] });
  };
  for (const l of report.lines ?? []) {
    const outs = (l.outputs ?? []).filter((n) => n <= output.length);
    if (outs.length) added(Math.min(...outs));
    rows.push({ key: `${l.line}`, fate: l.fate, line: l.line, text: l.text, rule: l.rule, because: l.because, out: outs.map((n) => [n, output[n - 1]]) });
    if (outs.length) next = Math.max(next, Math.max(...outs) + 1);
  }
  added(output.length + 1);
  return rows;
}

function Sides({ report }: { report: Report }) {
  const [all, setAll] = useState(false);
  const rows = useMemo(() => reportRows(report), [report]);
  const shown = all ? rows : rows.filter((r) => r.fate !== 'kept');
  return (
    <>
      <div className={classes.bar}>
        <span className="soft">
          {many(rows.length, 'line')}, {many(rows.filter((r) => r.fate !== 'kept').length, 'line')} not as before
        </span>
        <Checkbox label="Show lines that were kept" checked={all} onChange={(e) => setAll(e.currentTarget.checked)} />
      </div>
      {shown.length === 0 ? (
        <Empty title="Every line is kept as it was" />
      ) : (
        <div className={classes.scroll} tabIndex={0} role="region" aria-label="Migration by line">
          <table className={classes.table}>
            <thead>
              <tr>
                <th scope="col" className={classes.fate}>Fate</th>
                <th scope="col">Backup</th>
                <th scope="col">New configuration</th>
                <th scope="col" className={classes.rule}>Rule</th>
              </tr>
            </thead>
            <tbody>
              {shown.slice(0, 2000).map((r) => (
                <tr key={r.key} data-fate={r.fate}>
                  <td className={classes.fate}>
                    <Mark state={fates[r.fate] ?? { tone: 'idle', shape: 'none', word: r.fate }} />
                  </td>
                  <td className={classes.text}>
                    {r.line !== undefined && <span className={classes.no}>{r.line}</span>}
                    {r.text}
                  </td>
                  <td className={classes.text}>
                    {r.out.map(([n, text]) => (
                      <div key={n}>
                        <span className={classes.no}>{n}</span>
                        {text}
                      </div>
                    ))}
                  </td>
                  <td className={classes.rule}>
                    <div>{r.rule}</div>
                    <div className="soft">{r.because}</div>
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </>
  );
}

function Summary({ report }: { report: Report }) {
  const rows = Object.entries(report.summary ?? {});
  const kinds = ['kept', 'changed', 'dropped', 'manual', 'added'] as const;
  if (rows.length === 0) return null;
  return (
    <table className={classes.summary}>
      <thead>
        <tr>
          <th scope="col">Category</th>
          {kinds.map((k) => (
            <th key={k} scope="col" className="number">
              <Mark state={fates[k]} />
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map(([category, c]) => (
          <tr key={category}>
            <th scope="row">{category || 'other'}</th>
            {kinds.map((k) => (
              <td key={k} className="number">
                {count(c[k])}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Findings({ report }: { report: Report }) {
  const tones: Record<string, State> = { manual: { tone: 'wait', shape: 'ask', word: 'manual' }, warning: { tone: 'wait', shape: 'warn', word: 'warning' }, info: { tone: 'idle', shape: 'none', word: 'info' } };
  const groups = new Map<string, { first: Finding; lines: number[] }>();
  for (const f of report.findings ?? []) {
    const key = `${f.rule}\n${f.message}`;
    const g = groups.get(key) ?? { first: f, lines: [] };
    if (f.line) g.lines.push(f.line);
    groups.set(key, g);
  }
  return (
    <ul className={classes.findings}>
      {[...groups.values()].map(({ first: f, lines }, i) => (
        <li key={i}>
          <Mark state={tones[f.severity] ?? tones.info} />
          <div>
            <div className="wrap">{f.message}</div>
            <div className="soft mono wrap">
              {lines.length > 1 ? `lines ${lines.slice(0, 12).join(', ')}${lines.length > 12 ? ` and ${lines.length - 12} more` : ''}` : `${f.line ? `${f.line}: ` : ''}${f.text ?? ''}`}
            </div>
          </div>
          <span className="soft">{f.rule}</span>
        </li>
      ))}
    </ul>
  );
}

/** What became of a configuration, line by line. */
export function ReportView({ report }: { report: Report }) {
  const c = report.comparison;
  return (
    <>
      {c && (
        <Part title="Proof: the second backup against what is expected">
          <div className={classes.proof}>
            <Mark state={c.lost + c.changed === 0 ? { tone: 'good', shape: 'check', word: 'nothing lost' } : { tone: 'bad', shape: 'cross', word: 'lines lost' }} />
            <span>{many(c.carried, 'line')} carried</span>
            <span>{count(c.lost)} lost</span>
            <span>{count(c.changed)} changed</span>
            <span>{count(c.added)} added by the device</span>
          </div>
        </Part>
      )}
      {(report.findings ?? []).length > 0 && (
        <Part title="Findings" flush>
          <Findings report={report} />
        </Part>
      )}
      <Part title="Migration" actions={<span className="soft">{report.needed ? 'the new version needs the configuration modified' : 'no modification is needed'}</span>} flush>
        <Summary report={report} />
        {(report.lines ?? []).length > 0 && <Sides report={report} />}
      </Part>
      {(report.edited ?? []).length > 0 && (
        <Part title={`Changed by ${report.editedBy}`} flush>
          <MeaningDiff of={report.edited ?? []} />
        </Part>
      )}
      {(report.added ?? []).length > 0 && (
        <Part title="The device against what was expected" flush>
          <MeaningDiff of={report.added ?? []} />
        </Part>
      )}
    </>
  );
}
