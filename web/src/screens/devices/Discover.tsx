import { Button, Checkbox, Modal, Progress, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useRef, useState, type FormEvent } from 'react';
import { api, ask, problemOf, type Schema } from '../../api/client';
import { authorization } from '../../api/session';
import { events } from '../../api/live';
import { many } from '../../lib/format';
import { notice } from '../../ui/Notices';
import { Failed } from '../../ui/Page';
import classes from '../Devices.module.css';
import { CredentialsForm, given, noCredentials } from './Credentials';

type Swept = Schema<'Swept'>;
type Found = Schema<'Found'>;

/** Sweeps networks and gives each step. */
async function sweep(body: Schema<'Sweep'>, signal: AbortSignal, each: (s: Swept) => void): Promise<void> {
  const response = await fetch('/api/v1/discover', { method: 'POST', signal, body: JSON.stringify(body), headers: { ...authorization(), 'Content-Type': 'application/json', Accept: 'text/event-stream' } });
  if (!response.ok) throw await problemOf(response);
  await events<Swept>(response, each);
}

function Rows({ found, chosen, toggle }: { found: Found[]; chosen: Set<string>; toggle: (address: string) => void }) {
  return (
    <table className={classes.found}>
      <thead>
        <tr><th scope="col">Add</th><th scope="col">Address</th><th scope="col">Name</th><th scope="col">Model</th><th scope="col">Version</th><th scope="col">Driver</th></tr>
      </thead>
      <tbody>
        {found.map((f) => (
          <tr key={f.address}>
            <td><Checkbox aria-label={`Add ${f.address}`} disabled={!f.driver || !!f.known} checked={chosen.has(f.address)} onChange={() => toggle(f.address)} /></td>
            <td className="mono">{f.address}</td>
            <td>{f.known ? `known as ${f.known}` : f.sysName}</td>
            <td title={f.sysDescr}>{f.model || f.sysDescr?.slice(0, 40)}</td>
            <td>{f.version}</td>
            <td>{f.driver || 'no driver fits'}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

export default function Discover({ onClose }: { onClose: () => void }) {
  const queries = useQueryClient();
  const [networks, setNetworks] = useState('');
  const [credentials, setCredentials] = useState(noCredentials);
  const [step, setStep] = useState<Swept | null>(null);
  const [found, setFound] = useState<Found[]>([]);
  const [left, setLeft] = useState(new Set<string>());
  const stop = useRef<AbortController>(null);
  const look = useMutation({
    meta: { quiet: true },
    mutationFn: () => {
      stop.current = new AbortController();
      setFound([]);
      return sweep({ networks: networks.trim().split(/[\s,]+/), credentials: [given(credentials)] }, stop.current.signal, (s) => {
        setStep(s);
        if (s.found) setFound((all) => [...all, s.found!]);
        if (s.error) notice(new Error(s.error));
      });
    },
  });
  const mine = found.filter((f) => f.driver && !f.known && !left.has(f.address));
  const add = useMutation({
    mutationFn: () => ask(api.PUT('/api/v1/devices', { body: mine.map((f) => ({ id: f.sysName || f.address.replace(/:\d+$/, ''), address: f.address, driver: f.driver!, serial: f.serial || undefined, credentials: given(credentials) })) })),
    onSuccess: () => {
      notice(`${many(mine.length, 'device')} added`);
      void queries.invalidateQueries();
      onClose();
    },
  });
  const submit = (e: FormEvent) => {
    e.preventDefault();
    look.mutate();
  };
  const close = () => {
    stop.current?.abort();
    onClose();
  };
  const toggle = (a: string) => setLeft((l) => new Set(l.has(a) ? [...l].filter((x) => x !== a) : [...l, a]));
  return (
    <Modal opened onClose={close} title="Discover a network" size="xl" removeScrollProps={{ enabled: false }}>
      <form onSubmit={submit} className={classes.form}>
        <TextInput label="Networks" required placeholder="10.0.0.0/22 192.0.2.0/24" description="At most 65,536 addresses. It only reads: each address is asked once, by SNMP." value={networks} onChange={(e) => setNetworks(e.currentTarget.value)} data-autofocus />
        <CredentialsForm value={credentials} onChange={setCredentials} />
        {look.error && <Failed error={look.error} />}
        {step && <Progress aria-label="Addresses asked" value={(100 * step.asked) / Math.max(1, step.total)} />}
        {step && <span className="soft">{step.asked} of {many(step.total, 'address', 'addresses')} asked, {found.length} answered</span>}
        {found.length > 0 && <Rows found={found} chosen={new Set(mine.map((f) => f.address))} toggle={toggle} />}
        <div className={classes.foot}>
          <Button type="submit" variant={found.length ? 'default' : 'filled'} loading={look.isPending}>Look</Button>
          {found.length > 0 && <Button disabled={mine.length === 0} loading={add.isPending} onClick={() => add.mutate()}>Add {many(mine.length, 'device')}</Button>}
        </div>
      </form>
    </Modal>
  );
}
