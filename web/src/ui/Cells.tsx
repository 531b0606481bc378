import { useState } from 'react';
import { useLocation } from 'wouter';
import type { Member } from '../api/client';
import { count } from '../lib/format';
import { Mark, memberState } from './Mark';
import { devicePath, runPath } from './To';
import { order } from './Tally';
import classes from './Cells.module.css';

// Each state has a sign besides its colour.
const signs: Record<string, string> = { succeeded: '✓', failed: '✕', running: '›', starting: '›', offline: '…', blocked: '⊘', cancelled: '−', waiting: '·', asks: '?' };

interface Props {
  members: Member[];
  /** Devices with an open question. */
  asking: Set<string>;
  only: string | null;
  onOnly: (state: string | null) => void;
}

// As many cells as a screen can bear; the filter finds the rest.
const most = 20_000;

/** A cell for each device, coloured and marked by its state. */
export function Cells({ members, asking, only, onOnly }: Props) {
  const [, go] = useLocation();
  const [over, setOver] = useState<Member | null>(null);
  const stateOf = (m: Member) => (asking.has(m.device) ? 'asks' : m.state);
  const shown = only ? members.filter((m) => stateOf(m) === only) : members;
  const states = [...(asking.size ? ['asks'] : []), ...order].filter((s) => members.some((m) => stateOf(m) === s));
  const find = (e: { target: EventTarget }): Member | undefined => shown[Number((e.target as HTMLElement).dataset.i ?? -1)];
  return (
    <div className={classes.cells}>
      <div className={classes.legend} role="group" aria-label="Show only">
        {states.map((s) => (
          <button key={s} type="button" className={classes.key} aria-pressed={only === s} onClick={() => onOnly(only === s ? null : s)}>
            <span className={classes.cell} data-state={s} aria-hidden>{signs[s]}</span> {s} <span className="soft tnum">{count(members.filter((m) => stateOf(m) === s).length)}</span>
          </button>
        ))}
      </div>
      <div className={classes.grid} onMouseOver={(e) => setOver(find(e) ?? null)} onFocus={(e) => setOver(find(e) ?? null)} onClick={(e) => { const m = find(e); if (m) go(m.run ? runPath(m.run) : devicePath(m.device)); }}>
        {shown.slice(0, most).map((m, i) => (
          <button key={m.device} type="button" tabIndex={i === 0 ? 0 : -1} className={classes.cell} data-i={i} data-state={stateOf(m)} aria-label={`${m.device}: ${stateOf(m)}`} onKeyDown={move}>
            {signs[stateOf(m)]}
          </button>
        ))}
      </div>
      <div className={classes.say} aria-live="polite">
        {over ? (
          <>
            <b>{over.device}</b> <Mark state={asking.has(over.device) ? { tone: 'wait', shape: 'ask', word: 'asks' } : memberState(over.state)} /> <span>wave {over.wave + 1}</span> {over.from && <span>from {over.from}</span>} {over.cause && <span>{over.cause}</span>} <span className="soft clip">{over.detail}</span>
          </>
        ) : (
          <span className="soft">Point at a cell, or walk with the arrow keys; Enter opens it.</span>
        )}
      </div>
    </div>
  );
}

/** The arrow keys go from cell to cell: the grid is one stop of the tab key. */
function move(e: React.KeyboardEvent<HTMLButtonElement>): void {
  const cells = [...(e.currentTarget.parentElement?.children ?? [])] as HTMLElement[];
  const at = cells.indexOf(e.currentTarget);
  const first = cells[0].offsetTop;
  const perRow = cells.findIndex((c) => c.offsetTop !== first);
  const step: Record<string, number> = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: perRow > 0 ? perRow : 0, ArrowUp: perRow > 0 ? -perRow : 0 };
  if (step[e.key] === undefined) return;
  e.preventDefault();
  cells[Math.max(0, Math.min(cells.length - 1, at + step[e.key]))].focus();
}
