import { SegmentedControl } from '@mantine/core';
import type { Run } from '../api/client';
import { failures, rowsOf, useRuns } from '../api/hooks';
import { useQueryState } from '../lib/search';
import { DataTable, type Column } from '../ui/DataTable';
import { Mark, runState } from '../ui/Mark';
import { Empty, Failed, Page } from '../ui/Page';
import { DeviceLink, RunLink, To, releasePath, runPath } from '../ui/To';
import { Lasting, When } from '../ui/When';

export const runColumns: Column<Run>[] = [
  { key: 'state', head: 'State', width: '190px', cell: (r) => <Mark state={runState(r)} /> },
  { key: 'device', head: 'Device', cell: (r) => <DeviceLink id={r.device} /> },
  { key: 'goal', head: 'Goal', width: '90px', cell: (r) => r.state.plan.goal || 'update' },
  { key: 'release', head: 'Release', cell: (r) => (r.release ? <To to={releasePath(r.release)}>{r.release}</To> : '') },
  { key: 'version', head: 'Version', width: '150px', cell: (r) => [r.state.from, r.state.seen.version].filter((v, i, all) => v && v !== all[i - 1]).join(' → ') },
  { key: 'started', head: 'Started', width: '110px', cell: (r) => <When at={r.startedAt} /> },
  { key: 'took', head: 'Took', width: '110px', cell: (r) => <Lasting from={r.startedAt} to={r.state.result ? r.updatedAt : null} /> },
  { key: 'id', head: 'Run', width: '130px', cell: (r) => <RunLink id={r.id} /> },
];

const shows = [
  { value: 'all', label: 'All' },
  { value: 'active', label: 'Under way' },
  { value: 'failed', label: 'Failed' },
];

export default function Runs() {
  const [params, set] = useQueryState();
  const show = params.get('show') ?? 'all';
  const release = params.get('release') ?? undefined;
  const runs = useRuns({ release, active: show === 'active' || undefined, outcome: show === 'failed' ? failures : undefined });
  const rows = rowsOf(runs.data);
  return (
    <Page title="Runs" beside={release && <span className="soft">of release {release}</span>} actions={<SegmentedControl aria-label="Which runs" data={shows} value={show} onChange={(v) => set({ show: v === 'all' ? undefined : v })} />}>
      <div className="sheet">
        {runs.error && <Failed error={runs.error} retry={() => void runs.refetch()} />}
        <DataTable label="Runs" columns={runColumns} rows={rows} id={(r) => r.id} to={(r) => runPath(r.id)} busy={runs.isFetching && rows.length === 0} more={runs.hasNextPage ? () => void runs.fetchNextPage() : undefined} height="calc(100dvh - 104px)" empty={<Empty title={show === 'all' ? 'No run yet' : 'No such run'}>A run is one device's way through an update. <To to="/campaigns/new">Start a campaign</To>, or open a device.</Empty>} />
      </div>
    </Page>
  );
}
