import { useQuery } from '@tanstack/react-query';
import { api, ask, type Schema } from '../../api/client';
import { count } from '../../lib/format';
import { DataTable, type Column } from '../../ui/DataTable';
import { Mark } from '../../ui/Mark';
import { Empty, Failed } from '../../ui/Page';

type Channel = Schema<'Channel'>;

const columns: Column<Channel>[] = [
  { key: 'name', head: 'Channel', cell: (c) => c.name },
  { key: 'type', head: 'Type', width: '110px', cell: (c) => c.type },
  { key: 'address', head: 'Where', cell: (c) => <span className="mono">{c.address}</span> },
  { key: 'state', head: 'State', width: '130px', cell: (c) => <Mark state={c.disabled ? { tone: 'idle', shape: 'ban', word: 'disabled' } : c.givenUp ? { tone: 'bad', shape: 'warn', word: `${count(c.givenUp)} given up` } : { tone: 'good', shape: 'check', word: 'delivers' }} /> },
  { key: 'kinds', head: 'Is told of', cell: (c) => (c.kinds ?? []).join(', ') },
  { key: 'waiting', head: 'Waiting', width: '80px', number: true, cell: (c) => count(c.waiting) },
  { key: 'delivered', head: 'Delivered', width: '90px', number: true, cell: (c) => count(c.delivered) },
];

/** How people are told of questions and failures. */
export default function Channels() {
  const channels = useQuery({ queryKey: ['channels'], queryFn: () => ask(api.GET('/api/v1/notify/channels')) });
  return (
    <div className="sheet">
      {channels.error && <Failed error={channels.error} />}
      <DataTable label="Notification channels" columns={columns} rows={channels.data ?? []} id={(c) => c.name} busy={channels.isPending} empty={<Empty title="Nobody is told yet">Web hooks, e-mail, chats and syslog are set up by <code>drydock notify</code>.</Empty>} />
    </div>
  );
}
