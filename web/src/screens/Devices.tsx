import { Alert, Button, Menu, Select, TextInput } from '@mantine/core';
import { useDebouncedCallback } from '@mantine/hooks';
import { IconChevronDown, IconDownload, IconPlus, IconSearch } from '@tabler/icons-react';
import { lazy, Suspense, useState } from 'react';
import { Link } from 'wouter';
import type { Device } from '../api/client';
import { rowsOf, useCounts, useDevices, useEnrolments, type DeviceFilter } from '../api/hooks';
import { csv, save } from '../lib/csv';
import { many } from '../lib/format';
import { useQueryState } from '../lib/search';
import { DataTable, type Column } from '../ui/DataTable';
import { useMay } from '../ui/May';
import { Empty, Failed, Page } from '../ui/Page';
import { DeviceLink, To, devicePath } from '../ui/To';
import { When } from '../ui/When';
import { SavedFilters } from './devices/SavedFilters';
import classes from './Devices.module.css';

const AddDevice = lazy(() => import('./devices/AddDevice'));
const Discover = lazy(() => import('./devices/Discover'));

const labels = (d: Device): string => Object.entries(d.labels ?? {}).map(([k, v]) => `${k}=${v}`).join(' ');

const columns: Column<Device>[] = [
  { key: 'id', head: 'Device', cell: (d) => <DeviceLink id={d.id} /> },
  { key: 'address', head: 'Address', width: '170px', cell: (d) => <span className="mono">{d.address}</span> },
  { key: 'driver', head: 'Driver', width: '130px', cell: (d) => d.driver },
  { key: 'model', head: 'Model', width: '130px', cell: (d) => d.model },
  { key: 'version', head: 'Version', width: '110px', cell: (d) => d.version },
  { key: 'serial', head: 'Serial number', width: '140px', cell: (d) => <span className="mono">{d.identity.serial}</span> },
  { key: 'labels', head: 'Labels', cell: (d) => <span title={labels(d)}>{labels(d)}</span> },
  { key: 'seen', head: 'Last seen', width: '100px', cell: (d) => <When at={d.seenAt} device={d.labels?.timezone} /> },
];

function download(rows: Device[]) {
  const head = ['id', 'address', 'driver', 'model', 'version', 'serial', 'labels', 'seenAt'];
  save('devices.csv', csv([head, ...rows.map((d) => [d.id, d.address, d.driver, d.model, d.version, d.identity.serial, labels(d), d.seenAt])]));
}

const unique = (all: string[]): string[] => [...new Set(all)].filter(Boolean).sort();

function Filters({ filter, set }: { filter: DeviceFilter; set: (change: Record<string, string | undefined>) => void }) {
  const all = useCounts({});
  const groups = all.data?.devices ?? [];
  const search = useDebouncedCallback((text: string) => set({ text }), 200);
  const label = useDebouncedCallback((text: string) => set({ label: /^[^=\s]+=\S+$/.test(text.trim()) ? text.trim() : undefined }), 300);
  const within = groups.filter((g) => !filter.driver || g.driver === filter.driver);
  return (
    <div className={classes.filters}>
      <TextInput aria-label="Search devices" placeholder="Search id, address, model or serial number" leftSection={<IconSearch size={15} />} defaultValue={filter.text} onChange={(e) => search(e.currentTarget.value)} w={300} />
      <Select aria-label="Driver" placeholder="Any driver" clearable searchable data={unique(groups.map((g) => g.driver))} value={filter.driver || null} onChange={(v) => set({ driver: v ?? undefined, model: undefined, version: undefined })} w={150} />
      <Select aria-label="Model" placeholder="Any model" clearable searchable data={unique(within.map((g) => g.model))} value={filter.model || null} onChange={(v) => set({ model: v ?? undefined })} w={150} />
      <Select aria-label="Version" placeholder="Any version" clearable searchable data={unique(within.filter((g) => !filter.model || g.model === filter.model).map((g) => g.version))} value={filter.version || null} onChange={(v) => set({ version: v ?? undefined })} w={140} />
      <TextInput aria-label="Label" placeholder="Label, as site=berlin" defaultValue={filter.label} onChange={(e) => label(e.currentTarget.value)} w={160} />
    </div>
  );
}

function Announced() {
  const waiting = (useEnrolments().data ?? []).filter((e) => e.state === 'pending').length;
  if (waiting === 0) return null;
  return <Alert color="yellow" variant="light">{many(waiting, 'piece', 'pieces')} of equipment announced {waiting === 1 ? 'itself' : 'themselves'} and {waiting === 1 ? 'waits' : 'wait'} for approval. <To to="/enrolments">Look</To></Alert>;
}

export default function Devices() {
  const [params, set] = useQueryState();
  const filter: DeviceFilter = Object.fromEntries(['text', 'driver', 'model', 'version', 'label'].map((k) => [k, params.get(k) ?? '']));
  const devices = useDevices(filter);
  const counts = useCounts(filter, !devices.isPending); // the rows first
  const rows = rowsOf(devices.data);
  const n = (counts.data?.devices ?? []).reduce((sum, g) => sum + g.devices, 0);
  const narrowed = Object.values(filter).some(Boolean);
  const may = useMay();
  const [choices, setChoices] = useState(0);
  const add = may('operate') ? params.get('add') : null;
  const query = new URLSearchParams(Object.entries(filter).filter(([, v]) => v) as [string, string][]).toString();
  const close = () => set({ add: undefined });
  return (
    <Page title="Devices" beside={<span className="soft">{counts.data && many(n, 'device')}</span>} actions={<>
      <Button variant="default" leftSection={<IconDownload size={15} />} onClick={() => download(rows)} disabled={rows.length === 0} title={devices.hasNextPage ? 'those that were loaded so far' : undefined}>CSV</Button>
      <SavedFilters filter={filter} narrowed={narrowed} onChoose={(f) => { set({ text: undefined, driver: undefined, model: undefined, version: undefined, label: undefined, ...f }); setChoices(choices + 1); }} />
      {narrowed && n > 0 && may('operate') && <Button variant="default" component={Link} href={`/campaigns/new?${query}`}>Campaign for these</Button>}
      {may('operate') && <Menu position="bottom-end">
        <Menu.Target><Button leftSection={<IconPlus size={15} />} rightSection={<IconChevronDown size={14} />}>Add</Button></Menu.Target>
        <Menu.Dropdown>
          <Menu.Item onClick={() => set({ add: 'one' })}>One device…</Menu.Item>
          {may('operate', true) && <Menu.Item onClick={() => set({ add: 'discover' })}>Discover a network…</Menu.Item>}
          <Menu.Item component={Link} href="/enrolments">Equipment that announces itself…</Menu.Item>
        </Menu.Dropdown>
      </Menu>}
    </>}>
      <Announced />
      <Filters key={choices} filter={filter} set={set} />
      <div className="sheet">
        {devices.error && <Failed error={devices.error} retry={() => void devices.refetch()} />}
        <DataTable label="Devices" columns={columns} rows={rows} id={(d) => d.id} to={(d) => devicePath(d.id)} busy={devices.isFetching && (rows.length === 0 || devices.isFetchingNextPage)} more={devices.hasNextPage ? () => void devices.fetchNextPage() : undefined} height="calc(100dvh - 148px)" empty={
          narrowed ? <Empty title="No device fits">Take a condition away.</Empty> : (
            <Empty title="No devices yet" action={may('operate') && <Button onClick={() => set({ add: 'one' })}>Add a device</Button>}>
              drydock needs an address and SNMP credentials; it reads the rest from the device. A whole fleet comes by <code>drydock device import fleet.csv</code>.
            </Empty>
          )
        } />
      </div>
      <Suspense>
        {add === 'one' && <AddDevice onClose={close} />}
        {add === 'discover' && <Discover onClose={close} />}
      </Suspense>
    </Page>
  );
}
