import { Alert, Button, CopyButton, Modal, MultiSelect, PasswordInput, Select, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState, type FormEvent } from 'react';
import { api, ask, type Schema } from '../../api/client';
import { Failed } from '../../ui/Page';
import forms from '../Devices.module.css';

type Settings = Schema<'ChannelSettings'>;

const types = [
  { value: 'webhook', label: 'web hook (signed)' },
  { value: 'email', label: 'e-mail' },
  { value: 'slack', label: 'Slack' },
  { value: 'mattermost', label: 'Mattermost' },
  { value: 'teams', label: 'Teams' },
  { value: 'syslog', label: 'syslog' },
];
const where: Record<string, string> = { email: 'smtp://mail.example.org', syslog: 'udp://192.0.2.5:514' };
const kinds = ['question-asked', 'question-reminder', 'question-answered', 'run-failed', 'run-ended', 'order-ended', 'campaign', 'undelivered', 'audit'];
const usual = ['question-asked', 'question-reminder', 'run-failed', 'order-ended', 'campaign', 'undelivered'];

interface Fields {
  name: string;
  type: string;
  url: string;
  to: string;
  from: string;
  user: string;
  secret: string;
  kinds: string[];
  links: string;
  label: string;
}

const none: Fields = { name: '', type: 'webhook', url: '', to: '', from: '', user: '', secret: '', kinds: usual, links: 'login', label: '' };
const text = (v: string) => v.trim() || undefined;

const settingsOf = (f: Fields): Settings => ({
  type: f.type as Settings['type'], url: text(f.url), label: text(f.label), kinds: f.kinds, links: f.type === 'syslog' ? undefined : (f.links as Settings['links']),
  ...(f.type === 'email' ? { to: f.to.split(/[\s,]+/).filter(Boolean), from: text(f.from), user: text(f.user), secret: text(f.secret) } : {}),
});

function Mail({ f, set }: { f: Fields; set: (change: Partial<Fields>) => void }) {
  return (
    <div className={forms.pair}>
      <TextInput label="To" required placeholder="duty@example.org" value={f.to} onChange={(e) => set({ to: e.currentTarget.value })} />
      <TextInput label="From" required placeholder="drydock@example.org" value={f.from} onChange={(e) => set({ from: e.currentTarget.value })} />
      <TextInput label="User of the mail server" value={f.user} onChange={(e) => set({ user: e.currentTarget.value })} autoComplete="off" />
      <PasswordInput size="xs" label="Its password" value={f.secret} onChange={(e) => set({ secret: e.currentTarget.value })} autoComplete="off" />
    </div>
  );
}

/** The secret that signs a web hook's messages; it is shown this once. */
function Made({ secret, onClose }: { secret: string; onClose: () => void }) {
  return (
    <Alert color="yellow" variant="light" title="Copy it now: receivers check signatures with it, and it is shown this once">
      <p className="mono wrap">{secret}</p>
      <CopyButton value={secret}>{({ copied, copy }) => <Button variant="default" onClick={copy}>{copied ? 'Copied' : 'Copy'}</Button>}</CopyButton> <Button onClick={onClose}>Done</Button>
    </Alert>
  );
}

/** Sets up a channel by which people are told. */
export function AddChannel({ onClose }: { onClose: () => void }) {
  const queries = useQueryClient();
  const [f, setFields] = useState(none);
  const set = (change: Partial<Fields>) => setFields((was) => ({ ...was, ...change }));
  const put = useMutation({
    meta: { quiet: true },
    mutationFn: () => ask(api.PUT('/api/v1/notify/channels/{channel}', { params: { path: { channel: f.name.trim() } }, body: settingsOf(f) })),
    onSuccess: (c) => {
      void queries.invalidateQueries({ queryKey: ['channels'] });
      if (!c.secret) onClose();
    },
  });
  const submit = (e: FormEvent) => {
    e.preventDefault();
    put.mutate();
  };
  return (
    <Modal opened onClose={onClose} title="Add a channel" size="lg" removeScrollProps={{ enabled: false }}>
      {put.data?.secret ? <Made secret={put.data.secret} onClose={onClose} /> : (
        <form onSubmit={submit} className={forms.form}>
          <div className={forms.pair}>
            <TextInput label="Name" required value={f.name} onChange={(e) => set({ name: e.currentTarget.value })} data-autofocus />
            <Select label="Type" data={types} value={f.type} allowDeselect={false} onChange={(v) => set({ type: v ?? 'webhook' })} />
          </div>
          <TextInput label="Where it delivers" required placeholder={where[f.type] ?? 'https://hooks.example.org/drydock'} value={f.url} onChange={(e) => set({ url: e.currentTarget.value })} autoComplete="off" />
          {f.type === 'email' && <Mail f={f} set={set} />}
          <MultiSelect label="Is told of" data={kinds} value={f.kinds} onChange={(v) => set({ kinds: v })} />
          <div className={forms.pair}>
            {f.type !== 'syslog' && <Select label="Links that answer a question" data={[{ value: 'off', label: 'none' }, { value: 'login', label: 'with a login' }, ...(f.type === 'webhook' ? [{ value: 'open', label: 'without a login' }] : [])]} value={f.links} allowDeselect={false} onChange={(v) => set({ links: v ?? 'login' })} />}
            <TextInput label="Only of devices with" placeholder="all; site=berlin" value={f.label} onChange={(e) => set({ label: e.currentTarget.value })} />
          </div>
          {put.error && <Failed error={put.error} />}
          <div className={forms.foot}>
            <Button variant="default" onClick={onClose}>Cancel</Button>
            <Button type="submit" loading={put.isPending}>Add</Button>
          </div>
        </form>
      )}
    </Modal>
  );
}
