import { Button, Modal } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState, type FormEvent } from 'react';
import { api, ask, Problem, type Device } from '../../api/client';
import { Mark } from '../../ui/Mark';
import { May } from '../../ui/May';
import { Failed } from '../../ui/Page';
import forms from '../Devices.module.css';
import { CredentialsForm, given, noCredentials } from './Credentials';

/** Gives a device other credentials; those it has are overwritten. */
export function ChangeCredentials({ device, opened, onClose }: { device: Device; opened: boolean; onClose: () => void }) {
  const queries = useQueryClient();
  const [credentials, setCredentials] = useState(noCredentials);
  const change = useMutation({
    meta: { quiet: true },
    mutationFn: () => ask(api.PUT('/api/v1/devices', { body: [{ id: device.id, address: device.address, driver: device.driver, labels: device.labels, serial: device.identity.serial || undefined, credentials: given(credentials) }] })),
    onSuccess: () => {
      void queries.invalidateQueries({ queryKey: ['credentials', device.id] });
      setCredentials(noCredentials);
      onClose();
    },
  });
  const submit = (e: FormEvent) => {
    e.preventDefault();
    change.mutate();
  };
  return (
    <Modal opened={opened} onClose={onClose} title={`Credentials of ${device.id}`} size="lg" removeScrollProps={{ enabled: false }}>
      <form onSubmit={submit} className={forms.form}>
        <span className="soft">They replace those that drydock has. What the device itself wants to hear does not change.</span>
        <CredentialsForm value={credentials} onChange={setCredentials} />
        {change.error && <Failed error={change.error} />}
        <div className={forms.foot}>
          <Button variant="default" onClick={onClose}>Cancel</Button>
          <Button type="submit" loading={change.isPending}>Change</Button>
        </div>
      </form>
    </Modal>
  );
}

/** How a device is spoken to; its secrets never come here. */
export function CredentialState({ device }: { device: Device }) {
  const [opened, { open, close }] = useDisclosure();
  const state = useQuery({ queryKey: ['credentials', device.id], queryFn: () => ask(api.GET('/api/v1/devices/{id}/credentials', { params: { path: { id: device.id } } })) });
  const c = state.data;
  const none = state.error instanceof Problem && state.error.status === 404;
  const weak = c && (c.version !== 'v3' || !c.authProtocol || !c.privProtocol);
  const how = c && (c.version === 'v3' ? [`user ${c.user}`, c.authProtocol || 'not authenticated', c.privProtocol || 'not encrypted'] : ['community', c.writeApart && 'another one to write', 'not encrypted']).filter(Boolean).join(', ');
  return (
    <div>
      {c && <div><Mark state={weak ? { tone: 'wait', shape: 'warn', word: `SNMP${c.version}` } : { tone: 'good', shape: 'check', word: `SNMP${c.version}` }} /> <span className="soft">{how}</span></div>}
      {state.error && <Mark state={{ tone: 'bad', shape: 'cross', word: none ? 'none' : 'cannot be opened' }} />}
      {state.error && !none && <div className="soft">{state.error.message}</div>}
      <div>{c && <span className="soft">secrets sealed · </span>}<May to="operate"><button type="button" className={forms.change} onClick={open}>change…</button></May></div>
      <ChangeCredentials device={device} opened={opened} onClose={close} />
    </div>
  );
}
