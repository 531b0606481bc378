import { Button } from '@mantine/core';
import { IconPlus } from '@tabler/icons-react';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api, ask, type Schema } from '../../api/client';
import { count } from '../../lib/format';
import { DataTable, type Column } from '../../ui/DataTable';
import { Mark, type State } from '../../ui/Mark';
import { notice } from '../../ui/Notices';
import { Empty, Failed, Part } from '../../ui/Page';
import { When } from '../../ui/When';
import classes from '../Run.module.css';
import { AddChannel } from './AddChannel';

type Channel = Schema<'Channel'>;

type Delivery = Schema<'Delivery'>;

const delivered: Record<string, State> = {
  delivered: { tone: 'good', shape: 'check', word: 'delivered' },
  waiting: { tone: 'busy', shape: 'clock', word: 'waiting' },
  'given-up': { tone: 'bad', shape: 'cross', word: 'given up' },
};

const messages: Column<Delivery>[] = [
  { key: 'state', head: 'State', width: '120px', cell: (d) => <Mark state={delivered[d.state] ?? { tone: 'idle', shape: 'none', word: d.state }} /> },
  { key: 'channel', head: 'Channel', width: '140px', cell: (d) => d.channel },
  { key: 'title', head: 'Message', cell: (d) => <span title={d.title}>{d.title}</span> },
  { key: 'error', head: 'Last error', cell: (d) => <span title={d.error}>{d.error}</span> },
  { key: 'tries', head: 'Tries', width: '60px', number: true, cell: (d) => d.tries },
  { key: 'at', head: 'When', width: '100px', cell: (d) => <When at={d.ended ?? d.at} /> },
];

const columns: Column<Channel>[] = [
  { key: 'name', head: 'Channel', cell: (c) => c.name },
  { key: 'type', head: 'Type', width: '110px', cell: (c) => c.type },
  { key: 'address', head: 'Where', cell: (c) => <span className="mono" title={c.address}>{c.address}</span> },
  { key: 'state', head: 'State', width: '130px', cell: (c) => <Mark state={c.disabled ? { tone: 'idle', shape: 'ban', word: 'disabled' } : c.givenUp ? { tone: 'bad', shape: 'warn', word: `${count(c.givenUp)} given up` } : { tone: 'good', shape: 'check', word: 'delivers' }} /> },
  { key: 'kinds', head: 'Is told of', cell: (c) => <span title={(c.kinds ?? []).join(', ')}>{(c.kinds ?? []).join(', ')}</span> },
  { key: 'waiting', head: 'Waiting', width: '80px', number: true, cell: (c) => count(c.waiting) },
  { key: 'delivered', head: 'Delivered', width: '90px', number: true, cell: (c) => count(c.delivered) },
];

/** What became of the last messages. */
function Deliveries() {
  const all = useQuery({ queryKey: ['deliveries'], queryFn: () => ask(api.GET('/api/v1/notify/deliveries', { params: { query: { limit: 50 } } })), refetchInterval: 5000 });
  if ((all.data ?? []).length === 0) return null;
  return (
    <Part title="Last messages" flush>
      <DataTable label="Last messages" columns={messages} rows={all.data ?? []} id={(d) => `${d.message} ${d.channel}`} empty={null} />
    </Part>
  );
}

/** How people are told of questions and failures. */
export default function Channels() {
  const queries = useQueryClient();
  const [adding, setAdding] = useState(false);
  const channels = useQuery({ queryKey: ['channels'], queryFn: () => ask(api.GET('/api/v1/notify/channels')) });
  const refresh = () => {
    for (const key of ['channels', 'deliveries']) void queries.invalidateQueries({ queryKey: [key] });
  };
  const path = (channel: string) => ({ params: { path: { channel } } });
  const test = useMutation({ mutationFn: (channel: string) => ask(api.POST('/api/v1/notify/channels/{channel}/test', path(channel))), onSuccess: (_, channel) => { notice(`${channel}: a test message was delivered`); refresh(); } });
  const remove = useMutation({ mutationFn: (channel: string) => ask(api.DELETE('/api/v1/notify/channels/{channel}', path(channel))), onSuccess: refresh });
  const orders: Column<Channel> = { key: 'do', head: '', width: '150px', cell: (c) => <><Button size="compact-xs" variant="default" loading={test.isPending && test.variables === c.name} onClick={() => test.mutate(c.name)}>Test</Button> <Button size="compact-xs" variant="default" onClick={() => remove.mutate(c.name)}>Remove</Button></> };
  return (
    <div className={classes.stack}>
      <Part title="Channels" actions={<Button leftSection={<IconPlus size={15} />} onClick={() => setAdding(true)}>Add a channel</Button>} flush>
        {channels.error && <Failed error={channels.error} />}
        <DataTable label="Notification channels" columns={[...columns, orders]} rows={channels.data ?? []} id={(c) => c.name} busy={channels.isPending} empty={<Empty title="Nobody is told yet">Add a web hook, e-mail, a chat or syslog: it is told of questions, failures and milestones of campaigns.</Empty>} />
      </Part>
      <Deliveries />
      {adding && <AddChannel onClose={() => setAdding(false)} />}
    </div>
  );
}
