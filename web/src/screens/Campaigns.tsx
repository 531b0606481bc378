import { Button, SegmentedControl } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from 'wouter';
import { api, ask, type Campaign } from '../api/client';
import { count } from '../lib/format';
import { useQueryState } from '../lib/search';
import { DataTable, type Column } from '../ui/DataTable';
import { Mark, campaignState } from '../ui/Mark';
import { May } from '../ui/May';
import { Empty, Failed, Page } from '../ui/Page';
import { Tally } from '../ui/Tally';
import { To, campaignPath, releasePath } from '../ui/To';
import { Lasting, When } from '../ui/When';

const columns: Column<Campaign>[] = [
  { key: 'state', head: 'State', width: '130px', cell: (c) => <Mark state={campaignState(c.status)} /> },
  { key: 'name', head: 'Campaign', cell: (c) => <To to={campaignPath(c.id)} title={c.spec.name}>{c.spec.name}</To> },
  { key: 'release', head: 'Release', width: '120px', cell: (c) => (c.spec.release ? <To to={releasePath(c.spec.release)}>{c.spec.release}</To> : c.spec.of ? `back from ${c.spec.of}` : (c.spec.releases ?? []).join(', ')) },
  { key: 'devices', head: 'Devices', width: '90px', number: true, cell: (c) => count(c.devices) },
  { key: 'how', head: 'Progress', width: '18%', cell: (c) => <Tally tally={c.tally} of={c.devices} words={false} /> },
  { key: 'asking', head: 'Ask you', width: '90px', number: true, cell: (c) => (c.asking ? <To to="/questions">{count(c.asking)}</To> : '') },
  { key: 'wave', head: 'Wave', width: '80px', cell: (c) => `${c.wave + 1} of ${(c.sizes ?? []).length}` },
  { key: 'started', head: 'Started', width: '110px', cell: (c) => <When at={c.startedAt} /> },
  { key: 'took', head: 'Took', width: '90px', cell: (c) => <Lasting from={c.startedAt} to={c.endedAt} /> },
];

export default function Campaigns() {
  const [params, set] = useQueryState();
  const active = params.get('show') === 'active';
  const campaigns = useQuery({ queryKey: ['campaigns', active], queryFn: () => ask(api.GET('/api/v1/campaigns', { params: { query: { active } } })), refetchInterval: 5000 });
  const add = (
    <May to="operate"><Button component={Link} href="/campaigns/new">New campaign</Button></May>
  );
  return (
    <Page title="Campaigns" actions={<>
      <SegmentedControl aria-label="Which campaigns" data={[{ value: 'all', label: 'All' }, { value: 'active', label: 'Not over' }]} value={active ? 'active' : 'all'} onChange={(v) => set({ show: v === 'all' ? undefined : v })} />
      {add}
    </>}>
      <div className="sheet">
        {campaigns.error && <Failed error={campaigns.error} retry={() => void campaigns.refetch()} />}
        <DataTable label="Campaigns" columns={columns} rows={campaigns.data ?? []} id={(c) => c.id} to={(c) => campaignPath(c.id)} busy={campaigns.isPending} height="calc(100dvh - 104px)" empty={<Empty title={active ? 'No campaign is under way' : 'No campaign yet'} action={add}>A campaign updates many devices: in waves, within windows, and it pauses by itself when too many fail. Before it starts you see what would happen to each device.</Empty>} />
      </div>
    </Page>
  );
}
