import { useVirtualizer } from '@tanstack/react-virtual';
import { memo, useEffect, useRef, type CSSProperties, type MouseEvent, type ReactNode } from 'react';
import { useLocation } from 'wouter';
import classes from './DataTable.module.css';

export interface Column<T> {
  key: string;
  head: ReactNode;
  /** CSS width; what is left over is shared by those without. */
  width?: string;
  number?: boolean;
  cell: (row: T) => ReactNode;
}

interface Props<T> {
  label: string;
  columns: Column<T>[];
  rows: T[];
  id: (row: T) => string;
  /** Where a row leads. */
  to?: (row: T) => string;
  /** Asks for the next page; undefined: this is all. */
  more?: () => void;
  busy?: boolean;
  empty: ReactNode;
  /** CSS height of the table's window; without it the table is as long as its rows. */
  height?: string;
  selected?: string;
}

const rowHeight = 33;

/** The width in pixels below which a table scrolls: what its columns need. */
const leastOf = <T,>(columns: Column<T>[]): number => columns.reduce((sum, c) => sum + (c.width?.endsWith('px') ? parseInt(c.width, 10) : 110), 0);

/** A row is drawn again when it has changed, not each time that the table is scrolled. */
const Cells = memo(function Cells({ row, index, columns, leads, selected }: { row: unknown; index: number; columns: Column<unknown>[]; leads: boolean; selected: boolean }) {
  return (
    <tr data-index={index} data-to={leads ? '' : undefined} data-selected={selected || undefined}>
      {columns.map((c) => (
        <td key={c.key} className={c.number ? 'number' : undefined}>
          {c.cell(row)}
        </td>
      ))}
    </tr>
  );
});

/** A table that draws only the rows in view: 100,000 are no more than 30. */
export function DataTable<T>({ label, columns, rows, id, to, more, busy, empty, height, selected }: Props<T>) {
  const frame = useRef<HTMLDivElement>(null);
  const [, go] = useLocation();
  const virtual = useVirtualizer({ count: rows.length, getScrollElement: () => frame.current, estimateSize: () => rowHeight, overscan: 12, enabled: !!height });
  const items = height ? virtual.getVirtualItems() : rows.map((_, index) => ({ index, start: index * rowHeight, end: (index + 1) * rowHeight }));
  const last = items.at(-1)?.index ?? 0;
  useEffect(() => {
    if (more && !busy && height && last >= rows.length - 40) more();
  }, [more, busy, height, last, rows.length]);
  if (rows.length === 0 && !busy) return <>{empty}</>;
  const before = items[0]?.start ?? 0;
  const after = height ? virtual.getTotalSize() - (items.at(-1)?.end ?? 0) : 0;
  const open = (e: MouseEvent) => {
    const on = e.target as Element;
    const index = on.closest('tr')?.dataset.index;
    if (to && index && !on.closest('a,button,input,label')) go(to(rows[Number(index)]));
  };
  return (
    <div ref={frame} className={classes.frame} style={{ '--frame-height': height ?? 'none' } as CSSProperties} tabIndex={0} role="region" aria-label={label}>
      <table className={classes.table} style={{ minWidth: leastOf(columns) }}>
        <thead>
          <tr>
            {columns.map((c) => (
              <th key={c.key} style={{ width: c.width }} className={c.number ? 'number' : undefined} scope="col">
                {c.head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody onClick={open}>
          {before > 0 && <tr aria-hidden className={classes.gap} style={{ height: before }} />}
          {items.map(({ index }) => {
            const row = rows[index];
            return <Cells key={id(row)} row={row} index={index} columns={columns as Column<unknown>[]} leads={!!to} selected={selected === id(row)} />;
          })}
          {after > 0 && <tr aria-hidden className={classes.gap} style={{ height: after }} />}
        </tbody>
      </table>
      {busy && <div className={classes.busy}>Loading…</div>}
      {!height && more && !busy && (
        <button type="button" className={classes.more} onClick={more}>
          Show more
        </button>
      )}
    </div>
  );
}
