import { useQuery } from '@tanstack/react-query';
import { api, ask, type Schema } from '../api/client';
import { count } from '../lib/format';
import { DataTable, type Column } from '../ui/DataTable';
import { Empty, Failed, Page } from '../ui/Page';
import { To } from '../ui/To';

type Pack = Schema<'Pack'>;
export const useMigrations = () => useQuery({ queryKey: ['migrations'], queryFn: () => ask(api.GET('/api/v1/migrations')), staleTime: Infinity });

const way = (p: Pack): string => [...new Set((p.steps ?? []).flatMap((s) => [s.from, s.to]))].join(' → ');

const columns: Column<Pack>[] = [
  { key: 'name', head: 'Migration', cell: (p) => <To to={`/migrations/${p.name}`}>{p.name}</To> },
  { key: 'format', head: 'Format', cell: (p) => p.format },
  { key: 'way', head: 'Versions', cell: (p) => <span title={way(p)}>{way(p) || 'each component has its own'}</span> },
  { key: 'newest', head: 'Leads to', width: '130px', cell: (p) => <span title={p.newest}>{p.newest}</span> },
  { key: 'rules', head: 'Rules', width: '90px', number: true, cell: (p) => ((p.steps ?? []).length ? count((p.steps ?? []).reduce((n, s) => n + (s.rules ?? []).length, 0)) : '') },
];

export default function Migrations() {
  const packs = useMigrations();
  return (
    <Page title="Migrations">
      <div className="sheet">
        {packs.error && <Failed error={packs.error} retry={() => void packs.refetch()} />}
        <DataTable label="Migrations" columns={columns} rows={packs.data ?? []} id={(p) => p.name} to={(p) => `/migrations/${p.name}`} busy={packs.isPending} height="calc(100dvh - 104px)" empty={<Empty title="No migration pack">A pack says what becomes of a configuration from version to version: docs/migration-language.md.</Empty>} />
      </div>
    </Page>
  );
}
