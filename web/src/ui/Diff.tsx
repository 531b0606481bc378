import { Checkbox } from '@mantine/core';
import { useMemo, useState } from 'react';
import type { Difference } from '../api/client';
import { diffLines, fold, linesOf } from '../lib/diff';
import { many } from '../lib/format';
import { Mark, type State } from './Mark';
import { Empty } from './Page';
import classes from './Diff.module.css';

const signs = { same: '', left: '−', right: '+', both: '±' };

/** Two texts side by side, by line. */
export function LineDiff({ a, b, names }: { a: string; b: string; names: [string, string] }) {
  const [all, setAll] = useState(false);
  const rows = useMemo(() => diffLines(linesOf(a), linesOf(b)), [a, b]);
  const shown = useMemo(() => (all ? rows : fold(rows)), [rows, all]);
  const changed = rows.filter((r) => r.kind !== 'same').length;
  if (changed === 0) return <Empty title="Not one line differs" />;
  return (
    <div>
      <div className={classes.bar}>
        <span>{many(changed, 'line')} differ</span>
        <Checkbox label="Show all lines" checked={all} onChange={(e) => setAll(e.currentTarget.checked)} />
      </div>
      <div className={classes.scroll} tabIndex={0} role="region" aria-label="Comparison by line">
        <table className={classes.lines}>
          <colgroup>
            <col className={classes.no} />
            <col />
            <col className={classes.no} />
            <col />
          </colgroup>
          <thead>
            <tr>
              <th colSpan={2} scope="col">{names[0]}</th>
              <th colSpan={2} scope="col">{names[1]}</th>
            </tr>
          </thead>
          <tbody>
            {shown.map((r) =>
              r.kind === 'gap' ? (
                <tr key={`gap${r.from}`} className={classes.gap}>
                  <td colSpan={4}>{many(r.lines, 'line')} without a difference</td>
                </tr>
              ) : (
                <tr key={`${r.left}-${r.right}`} data-kind={r.kind}>
                  <td className={classes.no}>{r.left} {r.kind !== 'right' && signs[r.kind === 'both' ? 'left' : r.kind]}</td>
                  <td className={classes.a}>{r.a}</td>
                  <td className={classes.no}>{r.right} {r.kind !== 'left' && signs[r.kind === 'both' ? 'right' : r.kind]}</td>
                  <td className={classes.b}>{r.b}</td>
                </tr>
              ),
            )}
          </tbody>
        </table>
      </div>
    </div>
  );
}

const kinds: Record<string, State> = {
  lost: { tone: 'bad', shape: 'cross', word: 'lost' },
  added: { tone: 'busy', shape: 'check', word: 'added' },
  changed: { tone: 'wait', shape: 'warn', word: 'changed' },
};

/** Differences in meaning: what the order and the form of lines do not count for. */
export function MeaningDiff({ of: differences, empty }: { of: Difference[]; empty?: string }) {
  if (differences.length === 0) return <Empty title={empty ?? 'They mean the same'} />;
  return (
    <ul className={classes.meaning}>
      {differences.map((d, i) => (
        <li key={i}>
          <Mark state={kinds[d.kind] ?? { tone: 'idle', shape: 'none', word: d.kind }} />
          <div className={classes.where}>
            {(d.path ?? []).length > 0 && <div className="soft mono wrap">{d.path?.join(' › ')}</div>}
            {d.expected && <div className={`mono wrap ${classes.a}`}>{d.expectedLine ? `${d.expectedLine}: ` : ''}{d.expected}</div>}
            {d.got && <div className={`mono wrap ${classes.b}`}>{d.gotLine ? `${d.gotLine}: ` : ''}{d.got}</div>}
          </div>
          {d.category && <span className="soft">{d.category}</span>}
        </li>
      ))}
    </ul>
  );
}
