import { Button } from '@mantine/core';
import { IconPlus } from '@tabler/icons-react';
import { lazy, Suspense } from 'react';
import type { Release } from '../api/client';
import { useReleases } from '../api/hooks';
import { octets } from '../lib/format';
import { useQueryState } from '../lib/search';
import { DataTable, type Column } from '../ui/DataTable';
import { May } from '../ui/May';
import { Empty, Failed, Page } from '../ui/Page';
import { To, releasePath } from '../ui/To';

const AddRelease = lazy(() => import('./releases/AddRelease'));

const columns: Column<Release>[] = [
  { key: 'id', head: 'Release', cell: (r) => <To to={releasePath(r.id)}>{r.id}</To> },
  { key: 'version', head: 'Version', width: '110px', cell: (r) => r.version },
  { key: 'driver', head: 'Driver', cell: (r) => r.driver },
  { key: 'models', head: 'Models', cell: (r) => (r.models ?? []).join(', ') || 'all of the family' },
  { key: 'from', head: 'Loads over', cell: (r) => (r.from ?? []).join(', ') || 'any version' },
  { key: 'pack', head: 'Migration', width: '150px', cell: (r) => (r.pack ? <To to={`/migrations/${r.pack}`}>{r.pack}</To> : 'none') },
  { key: 'size', head: 'Size', width: '100px', number: true, cell: (r) => octets((r.files ?? []).reduce((n, f) => n + f.size, 0)) },
];

export default function Releases() {
  const releases = useReleases();
  const [params, set] = useQueryState();
  const add = <May to="operate" everywhere><Button leftSection={<IconPlus size={15} />} onClick={() => set({ add: '1' })}>Add a release</Button></May>;
  return (
    <Page title="Releases" actions={add}>
      <div className="sheet">
        {releases.error && <Failed error={releases.error} retry={() => void releases.refetch()} />}
        <DataTable label="Releases" columns={columns} rows={releases.data ?? []} id={(r) => r.id} to={(r) => releasePath(r.id)} busy={releases.isPending} height="calc(100dvh - 104px)" empty={<Empty title="No release yet" action={add}>A release is one version of a family's software: its files, what it fits, and the migration of configurations that it needs.</Empty>} />
      </div>
      <Suspense>{params.get('add') && <AddRelease onClose={() => set({ add: undefined })} />}</Suspense>
    </Page>
  );
}
