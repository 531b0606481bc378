import { Button } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from 'wouter';
import { api, ask, type Release as ReleaseType } from '../api/client';
import { rowsOf, useCounts, useRuns } from '../api/hooks';
import { useId } from '../lib/search';
import { many, octets } from '../lib/format';
import { DataTable } from '../ui/DataTable';
import { May } from '../ui/May';
import { Empty, Facts, Loaded, Page, Part } from '../ui/Page';
import { To, runPath } from '../ui/To';
import { runColumns } from './Runs';

function View({ release: r }: { release: ReleaseType }) {
  const there = useCounts({ driver: r.driver, version: r.version });
  const runs = useRuns({ release: r.id }, 50);
  const n = (there.data?.devices ?? []).reduce((sum, g) => sum + g.devices, 0);
  return (
    <Page title={r.id} beside={<span className="soft">version {r.version}</span>} actions={<May to="operate"><Button component={Link} href={`/campaigns/new?driver=${encodeURIComponent(r.driver)}&release=${encodeURIComponent(r.id)}`}>New campaign</Button></May>}>
      <Part>
        <Facts of={[
          ['Driver', <To key="d" to={`/drivers/${r.driver}`}>{r.driver}</To>],
          ['Version', r.version],
          ['Models', (r.models ?? []).join(', ') || 'all of the family'],
          ['Loads over', (r.from ?? []).join(', ') || 'any version'],
          ['Migration', r.pack ? <To key="p" to={`/migrations/${r.pack}`}>{r.pack}</To> : 'none'],
          ['The device is given', r.recover === 'modified' ? 'the modified configuration' : 'its configuration as it was, then what must be modified'],
          ['Runs on', <To key="n" to={`/devices?${new URLSearchParams({ driver: r.driver, version: r.version })}`}>{many(n, 'device')}</To>],
          ['Notes', r.notes],
        ]} />
      </Part>
      <Part title="Files">
        {(r.files ?? []).map((f) => (
          <Facts key={f.name} of={[['File', f.name], ['Role', f.role], ['Size', octets(f.size)], ['Digest', <span key="g" className="mono">{f.digest}</span>]]} />
        ))}
      </Part>
      <Part title="Runs" flush>
        <DataTable label="Runs" columns={runColumns.filter((c) => c.key !== 'release')} rows={rowsOf(runs.data)} id={(x) => x.id} to={(x) => runPath(x.id)} busy={runs.isPending} more={runs.hasNextPage ? () => void runs.fetchNextPage() : undefined} height="440px" empty={<Empty title="It was not loaded yet" />} />
      </Part>
    </Page>
  );
}

export default function Release() {
  const id = useId();
  const release = useQuery({ queryKey: ['release', id], queryFn: () => ask(api.GET('/api/v1/releases/{id}', { params: { path: { id } } })) });
  return <Loaded query={release}>{(r) => <View release={r} />}</Loaded>;
}
