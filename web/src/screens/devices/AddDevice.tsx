import { Button, Modal, Select, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState, type FormEvent } from 'react';
import { useLocation } from 'wouter';
import { api, ask } from '../../api/client';
import { useDrivers } from '../../api/hooks';
import { Failed } from '../../ui/Page';
import { devicePath } from '../../ui/To';
import classes from '../Devices.module.css';
import { CredentialsForm, given, noCredentials } from './Credentials';

/** The labels of "site=berlin rack=4". */
export const labelsOf = (text: string): Record<string, string> => Object.fromEntries(text.trim().split(/\s+/).filter((l) => l.includes('=')).map((l) => [l.slice(0, l.indexOf('=')), l.slice(l.indexOf('=') + 1)]));

export default function AddDevice({ onClose }: { onClose: () => void }) {
  const drivers = useDrivers();
  const queries = useQueryClient();
  const [, go] = useLocation();
  const [id, setId] = useState('');
  const [address, setAddress] = useState('');
  const [driver, setDriver] = useState<string | null>(null);
  const [labels, setLabels] = useState('');
  const [credentials, setCredentials] = useState(noCredentials);
  const add = useMutation({
    meta: { quiet: true },
    mutationFn: () => ask(api.PUT('/api/v1/devices', { body: [{ id: id.trim(), address: address.trim(), driver: driver ?? '', labels: labelsOf(labels), credentials: given(credentials) }] })),
    onSuccess: () => {
      void queries.invalidateQueries({ queryKey: ['devices'] });
      void queries.invalidateQueries({ queryKey: ['overview'] });
      go(devicePath(id.trim()));
    },
  });
  const submit = (e: FormEvent) => {
    e.preventDefault();
    add.mutate();
  };
  return (
    <Modal opened onClose={onClose} title="Add a device" size="lg" removeScrollProps={{ enabled: false }}>
      <form onSubmit={submit} className={classes.form}>
        <div className={classes.pair}>
          <TextInput label="Your name for it" required value={id} onChange={(e) => setId(e.currentTarget.value)} data-autofocus />
          <TextInput label="Address" required placeholder="192.0.2.7 or name:161" value={address} onChange={(e) => setAddress(e.currentTarget.value)} />
        </div>
        <Select label="Driver" required searchable placeholder="Choose its family" data={(drivers.data ?? []).map((d) => ({ value: d.name, label: `${d.name}: ${d.description}` }))} value={driver} onChange={setDriver} />
        <TextInput label="Labels" placeholder="site=berlin timezone=Europe/Berlin" value={labels} onChange={(e) => setLabels(e.currentTarget.value)} />
        <CredentialsForm value={credentials} onChange={setCredentials} />
        {add.error && <Failed error={add.error} />}
        <div className={classes.foot}>
          <Button variant="default" onClick={onClose}>Cancel</Button>
          <Button type="submit" loading={add.isPending} disabled={!driver}>Add</Button>
        </div>
      </form>
    </Modal>
  );
}
