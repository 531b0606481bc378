import { Button, Checkbox } from '@mantine/core';
import { useState } from 'react';
import { useLocation } from 'wouter';
import type { Backup } from '../api/client';
import { rowsOf, type useBackups } from '../api/hooks';
import { octets } from '../lib/format';
import { purposeMeaning } from '../lib/words';
import { DataTable, type Column } from './DataTable';
import { useMay } from './May';
import { Empty, Failed } from './Page';
import { DeviceLink, RunLink, To, backupPath } from './To';
import { When } from './When';

/** Backups; two that are chosen can be compared. */
export function BackupTable({ backups, height }: { backups: ReturnType<typeof useBackups>; height?: string }) {
  const [chosen, setChosen] = useState<string[]>([]);
  const [, go] = useLocation();
  const toggle = (id: string) => setChosen((c) => (c.includes(id) ? c.filter((x) => x !== id) : [...c.slice(-1), id]));
  const may = useMay()('reveal'); // what is compared is shown
  const chooser: Column<Backup> = { key: 'choose', head: '', width: '36px', cell: (b) => <Checkbox aria-label={`Choose ${b.id} to compare`} checked={chosen.includes(b.id)} onChange={() => toggle(b.id)} /> };
  const columns: Column<Backup>[] = [
    ...(may ? [chooser] : []),
    { key: 'taken', head: 'Taken', width: '176px', cell: (b) => <When at={b.takenAt} exact /> },
    { key: 'device', head: 'Device', cell: (b) => <DeviceLink id={b.device} /> },
    { key: 'purpose', head: 'For', width: '150px', cell: (b) => purposeMeaning[b.purpose] ?? b.purpose },
    { key: 'version', head: 'Version', width: '90px', cell: (b) => b.version },
    { key: 'size', head: 'Size', width: '90px', number: true, cell: (b) => octets(b.size) },
    { key: 'run', head: 'Run', width: '130px', cell: (b) => (b.run ? <RunLink id={b.run} /> : 'by hand') },
    { key: 'id', head: 'Backup', width: '200px', cell: (b) => <To to={backupPath(b.id)} className="mono">{b.id}</To> },
  ];
  const [b, a] = chosen;
  return (
    <div className="sheet">
      {backups.error && <Failed error={backups.error} retry={() => void backups.refetch()} />}
      {chosen.length > 0 && (
        <Button m="xs" disabled={chosen.length < 2} onClick={() => go(`/compare?a=${encodeURIComponent(a)}&b=${encodeURIComponent(b)}`)}>
          {chosen.length < 2 ? 'Choose one more to compare' : 'Compare the two'}
        </Button>
      )}
      <DataTable label="Backups" columns={columns} rows={rowsOf(backups.data)} id={(r) => r.id} to={(r) => backupPath(r.id)} busy={backups.isPending} height={height} more={backups.hasNextPage ? () => void backups.fetchNextPage() : undefined} empty={<Empty title="No backup yet">Each update takes one before anything is loaded. On a device's page one is taken by hand.</Empty>} />
    </div>
  );
}
