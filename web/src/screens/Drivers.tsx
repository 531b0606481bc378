import { TextInput } from '@mantine/core';
import { IconSearch } from '@tabler/icons-react';
import { useState } from 'react';
import type { Schema } from '../api/client';
import { useCounts, useDrivers } from '../api/hooks';
import { count } from '../lib/format';
import { DataTable, type Column } from '../ui/DataTable';
import { Mark } from '../ui/Mark';
import { Empty, Failed, Page } from '../ui/Page';
import { To } from '../ui/To';

type Driver = Schema<'Driver'>;

/** Whether a family can be updated at all. */
export function Able({ driver: d }: { driver: Driver }) {
  const can = (d.operations ?? []).includes('update');
  return can ? <Mark state={{ tone: 'good', shape: 'check', word: 'updates' }} /> : <Mark state={{ tone: 'idle', shape: 'ban', word: (d.operations ?? []).includes('backup') ? 'backs up only' : 'knows only' }} />;
}

export default function Drivers() {
  const drivers = useDrivers();
  const counts = useCounts({});
  const [text, setText] = useState('');
  const of = (name: string) => (counts.data?.devices ?? []).filter((g) => g.driver === name).reduce((n, g) => n + g.devices, 0);
  const columns: Column<Driver>[] = [
    { key: 'name', head: 'Driver', width: '190px', cell: (d) => <To to={`/drivers/${d.name}`}>{d.name}</To> },
    { key: 'about', head: 'Family', cell: (d) => <span title={d.description}>{d.description}</span> },
    { key: 'can', head: 'Can', width: '140px', cell: (d) => <Able driver={d} /> },
    { key: 'by', head: 'Transfers', width: '110px', cell: (d) => (d.protocols ?? []).join(', ') },
    { key: 'n', head: 'Devices', width: '90px', number: true, cell: (d) => (of(d.name) ? count(of(d.name)) : '') },
  ];
  const rows = (drivers.data ?? []).filter((d) => `${d.name} ${d.description}`.toLowerCase().includes(text.toLowerCase()));
  return (
    <Page title="Drivers" beside={<span className="soft">{drivers.data?.length} families of equipment</span>} actions={<TextInput aria-label="Search drivers" placeholder="Search" leftSection={<IconSearch size={15} />} value={text} onChange={(e) => setText(e.currentTarget.value)} w={220} />}>
      <div className="sheet">
        {drivers.error && <Failed error={drivers.error} retry={() => void drivers.refetch()} />}
        <DataTable label="Drivers" columns={columns} rows={rows} id={(d) => d.name} to={(d) => `/drivers/${d.name}`} busy={drivers.isPending} height="calc(100dvh - 104px)" empty={<Empty title="No driver fits">docs/driver-language.md says how a family is described in one file.</Empty>} />
      </div>
    </Page>
  );
}
