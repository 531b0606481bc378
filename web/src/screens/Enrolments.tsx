import { Alert, Button, CopyButton, Modal, NumberInput, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState, type FormEvent } from 'react';
import { api, ask, type Schema } from '../api/client';
import { useEnrolments } from '../api/hooks';
import { DataTable, type Column } from '../ui/DataTable';
import { Mark, type State } from '../ui/Mark';
import { useMay } from '../ui/May';
import { Empty, Failed, Page, Part } from '../ui/Page';
import { DeviceLink } from '../ui/To';
import { When } from '../ui/When';
import { labelsOf } from './devices/AddDevice';
import forms from './Devices.module.css';
import classes from './Run.module.css';

type Enrolment = Schema<'FleetEnrolment'>;

const states: Record<string, State> = {
  pending: { tone: 'wait', shape: 'ask', word: 'waits for you' },
  approved: { tone: 'busy', shape: 'clock', word: 'approved; fetches its keys' },
  done: { tone: 'good', shape: 'check', word: 'in the fleet' },
  refused: { tone: 'idle', shape: 'ban', word: 'refused' },
};

/** Makes a code; it is shown this once. */
function Code() {
  const [label, setLabel] = useState('');
  const [hours, setHours] = useState(24);
  const make = useMutation({ meta: { quiet: true }, mutationFn: () => ask(api.POST('/api/v1/enrolment-codes', { body: { label: label.trim() || undefined, hours } })) });
  const submit = (e: FormEvent) => {
    e.preventDefault();
    make.mutate();
  };
  return (
    <Part title="Code for one piece of equipment">
      <form onSubmit={submit} className={classes.row}>
        <TextInput label="Whose equipment it is for" placeholder="branch office, rack 4" value={label} onChange={(e) => setLabel(e.currentTarget.value)} w={260} />
        <NumberInput label="Good for" suffix=" h" min={1} max={720} value={hours} onChange={(v) => setHours(Number(v) || 24)} w={100} />
        <Button type="submit" loading={make.isPending} style={{ alignSelf: 'end' }}>Make a code</Button>
      </form>
      {make.error && <Failed error={make.error} />}
      {make.data && (
        <Alert mt="sm" color="yellow" variant="light" title="Copy it now: it is shown this once, and good for one piece of equipment">
          <p className="mono wrap">{make.data.code}</p>
          <div className={classes.row}>
            <CopyButton value={make.data.code}>{({ copied, copy }) => <Button variant="default" onClick={copy}>{copied ? 'Copied' : 'Copy'}</Button>}</CopyButton>
            <span className="soft">it ends <When at={make.data.expires} exact /></span>
          </div>
        </Alert>
      )}
    </Part>
  );
}

/** Takes equipment into the fleet: under which name, at which address. */
function Approve({ of, onClose }: { of: Enrolment; onClose: () => void }) {
  const queries = useQueryClient();
  const [device, setDevice] = useState(of.name || of.serial);
  const [address, setAddress] = useState('');
  const [labels, setLabels] = useState('');
  const approve = useMutation({
    meta: { quiet: true },
    mutationFn: () => ask(api.POST('/api/v1/enrolments/{id}/approve', { params: { path: { id: of.id } }, body: { device: device.trim(), address: address.trim() || undefined, labels: labelsOf(labels) } })),
    onSuccess: () => {
      for (const key of ['enrolments', 'devices', 'overview']) void queries.invalidateQueries({ queryKey: [key] });
      onClose();
    },
  });
  const submit = (e: FormEvent) => {
    e.preventDefault();
    approve.mutate();
  };
  return (
    <Modal opened onClose={onClose} title={`Take ${of.model} ${of.serial} into the fleet?`} size="lg" removeScrollProps={{ enabled: false }}>
      <form onSubmit={submit} className={forms.form}>
        <span className="soft">It is given SNMPv3 keys that no other device has. Compare the serial number with the one on its case.</span>
        <TextInput label="Your name for it" required value={device} onChange={(e) => setDevice(e.currentTarget.value)} data-autofocus />
        <TextInput label="Address of its SNMP agent" placeholder={of.address} description="if it is another than it says" value={address} onChange={(e) => setAddress(e.currentTarget.value)} />
        <TextInput label="Labels" placeholder="site=berlin timezone=Europe/Berlin" value={labels} onChange={(e) => setLabels(e.currentTarget.value)} />
        {approve.error && <Failed error={approve.error} />}
        <div className={forms.foot}>
          <Button variant="default" onClick={onClose}>Cancel</Button>
          <Button type="submit" loading={approve.isPending} disabled={!device.trim()}>Approve</Button>
        </div>
      </form>
    </Modal>
  );
}

/** Equipment that has announced itself: a person approves or refuses it. */
export default function Enrolments() {
  const queries = useQueryClient();
  const enrolments = useEnrolments();
  const may = useMay()('operate', true);
  const [approving, setApproving] = useState<Enrolment | null>(null);
  const refuse = useMutation({
    mutationFn: (id: string) => ask(api.POST('/api/v1/enrolments/{id}/refuse', { params: { path: { id } } })),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['enrolments'] }),
  });
  const columns: Column<Enrolment>[] = [
    { key: 'state', head: 'State', width: '180px', cell: (e) => <Mark state={states[e.state] ?? { tone: 'idle', shape: 'none', word: e.state }} /> },
    { key: 'serial', head: 'Serial number', cell: (e) => <span className="mono" title={e.serial}>{e.serial}</span> },
    { key: 'model', head: 'Model', cell: (e) => <span title={e.model}>{e.model}</span> },
    { key: 'name', head: 'Calls itself', cell: (e) => <span title={e.name}>{e.name}</span> },
    { key: 'from', head: 'Came from', width: '130px', cell: (e) => <span className="mono" title={`its agent: ${e.address}`}>{e.from}</span> },
    { key: 'label', head: 'Code for', cell: (e) => <span title={e.label}>{e.label}</span> },
    { key: 'at', head: 'When', width: '100px', cell: (e) => <When at={e.at} /> },
    { key: 'do', head: '', width: '190px', cell: (e) => (e.state === 'pending' && may ? <><Button size="compact-xs" onClick={() => setApproving(e)}>Approve</Button> <Button size="compact-xs" variant="default" onClick={() => refuse.mutate(e.id)}>Refuse</Button></> : e.device ? <DeviceLink id={e.device} /> : <span className="soft">{e.decidedBy && `by ${e.decidedBy}`}</span>) },
  ];
  const rows = [...(enrolments.data ?? [])].sort((a, b) => Number(b.state === 'pending') - Number(a.state === 'pending'));
  return (
    <Page title="Equipment that announces itself">
      {may && <Code />}
      <div className="sheet">
        {enrolments.error && <Failed error={enrolments.error} retry={() => void enrolments.refetch()} />}
        <DataTable label="Announcements" columns={columns} rows={rows} id={(e) => e.id} busy={enrolments.isPending} empty={<Empty title="Nothing has announced itself yet">Make a code and give it to the equipment: <code>drydock-agent enrol</code> with it. It waits here until you approve it, then it is a device with keys of its own.</Empty>} />
      </div>
      {approving && <Approve of={approving} onClose={() => setApproving(null)} />}
    </Page>
  );
}
