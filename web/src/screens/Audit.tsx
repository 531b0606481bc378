import { Button, TextInput } from '@mantine/core';
import { useDebouncedCallback } from '@mantine/hooks';
import { IconDownload } from '@tabler/icons-react';
import { useInfiniteQuery, useMutation } from '@tanstack/react-query';
import { api, ask, type Schema } from '../api/client';
import { rowsOf } from '../api/hooks';
import { csv, save } from '../lib/csv';
import { count } from '../lib/format';
import { useQueryState } from '../lib/search';
import { DataTable, type Column } from '../ui/DataTable';
import { Mark, type State } from '../ui/Mark';
import { notice } from '../ui/Notices';
import { Empty, Failed, Page } from '../ui/Page';
import { When } from '../ui/When';
import classes from './Devices.module.css';

type Entry = Schema<'AccessEntry'>;
const page = 200;
const outcomes: Record<string, State> = { ordered: { tone: 'good', shape: 'check', word: 'ordered' }, refused: { tone: 'bad', shape: 'ban', word: 'refused' }, failed: { tone: 'bad', shape: 'cross', word: 'failed' } };

const columns: Column<Entry>[] = [
  { key: 'seq', head: '#', width: '70px', number: true, cell: (e) => count(e.seq) },
  { key: 'at', head: 'When', width: '176px', cell: (e) => <When at={e.at} exact /> },
  { key: 'actor', head: 'Who', width: '110px', cell: (e) => e.actor },
  { key: 'action', head: 'Action', width: '150px', cell: (e) => e.action },
  { key: 'object', head: 'On', width: '150px', cell: (e) => <span title={e.object}>{e.object}</span> },
  { key: 'outcome', head: 'Outcome', width: '110px', cell: (e) => <Mark state={outcomes[e.outcome] ?? { tone: 'idle', shape: 'none', word: e.outcome }} /> },
  { key: 'detail', head: 'Detail', cell: (e) => <span title={e.detail}>{e.detail}</span> },
  { key: 'address', head: 'From', width: '120px', cell: (e) => <span className="mono">{e.address}</span> },
];

function Verify() {
  const verify = useMutation({
    mutationFn: () => ask(api.GET('/api/v1/audit/verify')),
    onSuccess: (h) => notice(`The chain of ${count(h.entries)} entries holds`),
  });
  return <Button variant="default" loading={verify.isPending} onClick={() => verify.mutate()}>Verify the chain</Button>;
}

export default function Audit() {
  const [params, set] = useQueryState();
  const actor = params.get('actor') ?? '';
  const action = params.get('action') ?? '';
  const entries = useInfiniteQuery({
    queryKey: ['audit', actor, action],
    queryFn: ({ pageParam, signal }) => ask(api.GET('/api/v1/audit', { params: { query: { actor: actor || undefined, action: action || undefined, before: pageParam, limit: page } }, signal })),
    initialPageParam: undefined as number | undefined,
    getNextPageParam: (last) => (last?.length === page ? last[last.length - 1].seq : undefined),
  });
  const rows = rowsOf(entries.data);
  const type = useDebouncedCallback((change: Record<string, string>) => set(change), 300);
  const download = () => save('audit.csv', csv([['seq', 'at', 'actor', 'address', 'action', 'object', 'outcome', 'detail'], ...rows.map((e) => [e.seq, e.at, e.actor, e.address, e.action, e.object, e.outcome, e.detail])]));
  return (
    <Page title="Audit" actions={<><Button variant="default" leftSection={<IconDownload size={15} />} onClick={download}>CSV</Button><Verify /></>}>
      <div className={classes.filters}>
        <TextInput aria-label="Who" placeholder="Who" defaultValue={actor} onChange={(e) => type({ actor: e.currentTarget.value })} w={180} />
        <TextInput aria-label="Action" placeholder="Action, as start-runs" defaultValue={action} onChange={(e) => type({ action: e.currentTarget.value })} w={220} />
      </div>
      <div className="sheet">
        {entries.error && <Failed error={entries.error} retry={() => void entries.refetch()} />}
        <DataTable label="Audit log" columns={columns} rows={rows} id={(e) => String(e.seq)} busy={entries.isPending} more={entries.hasNextPage ? () => void entries.fetchNextPage() : undefined} height="calc(100dvh - 148px)" empty={<Empty title="No such entry">Whatever changes something is written here before it is done.</Empty>} />
      </div>
    </Page>
  );
}
