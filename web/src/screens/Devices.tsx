import { Button, TextInput } from '@mantine/core';
import { IconDownload, IconSearch } from '@tabler/icons-react';
import { useInfiniteQuery } from '@tanstack/react-query';
import { useDebouncedCallback } from '@mantine/hooks';
import { api, ask, type Device } from '../api/client';
import { csv, save } from '../lib/csv';
import { useQueryState } from '../lib/search';
import { DataTable, type Column } from '../ui/DataTable';
import { Empty, Failed, Page } from '../ui/Page';
import { DeviceLink, devicePath } from '../ui/To';
import { When } from '../ui/When';

const pageSize = 200;

const columns: Column<Device>[] = [
  { key: 'id', head: 'Device', cell: (d) => <DeviceLink id={d.id} /> },
  { key: 'address', head: 'Address', cell: (d) => <span className="mono">{d.address}</span> },
  { key: 'driver', head: 'Driver', cell: (d) => d.driver },
  { key: 'model', head: 'Model', cell: (d) => d.model },
  { key: 'version', head: 'Version', cell: (d) => d.version },
  { key: 'serial', head: 'Serial number', cell: (d) => <span className="mono">{d.identity.serial}</span> },
  { key: 'labels', head: 'Labels', cell: (d) => Object.entries(d.labels ?? {}).map(([k, v]) => `${k}=${v}`).join(' ') },
  { key: 'seen', head: 'Last seen', width: '110px', cell: (d) => <When at={d.seenAt} device={d.labels?.tz} /> },
];

function download(rows: Device[]) {
  const head = ['id', 'address', 'driver', 'model', 'version', 'serial', 'labels', 'seenAt'];
  const lines = rows.map((d) => [d.id, d.address, d.driver, d.model, d.version, d.identity.serial, Object.entries(d.labels ?? {}).map(([k, v]) => `${k}=${v}`).join(' '), d.seenAt]);
  save('devices.csv', csv([head, ...lines]));
}

export default function Devices() {
  const [params, set] = useQueryState();
  const text = params.get('text') ?? '';
  const search = useDebouncedCallback((value: string) => set({ text: value }), 200);
  const query = { text: text || undefined, limit: pageSize };
  const devices = useInfiniteQuery({
    queryKey: ['devices', query],
    queryFn: ({ pageParam, signal }) => ask(api.GET('/api/v1/devices', { params: { query: { ...query, after: pageParam } }, signal })),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last) => (last && last.length === pageSize ? last[last.length - 1].id : undefined),
  });
  const rows = devices.data?.pages.flatMap((p) => p ?? []) ?? [];
  return (
    <Page title="Devices" actions={<Button variant="default" leftSection={<IconDownload size={15} />} onClick={() => download(rows)}>CSV</Button>}>
      <TextInput aria-label="Search devices" placeholder="Search id, address, model or serial number" leftSection={<IconSearch size={15} />} defaultValue={text} onChange={(e) => search(e.currentTarget.value)} w={320} />
      <div className="sheet">
        {devices.error && <Failed error={devices.error} retry={() => void devices.refetch()} />}
        <DataTable label="Devices" columns={columns} rows={rows} id={(d) => d.id} to={(d) => devicePath(d.id)} busy={devices.isFetching} more={devices.hasNextPage ? () => void devices.fetchNextPage() : undefined} height="calc(100dvh - 150px)" empty={<Empty title={text ? 'No device fits the search' : 'No devices yet'} />} />
      </div>
    </Page>
  );
}
