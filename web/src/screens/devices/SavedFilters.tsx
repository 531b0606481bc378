import { Button, Menu, Modal, TextInput } from '@mantine/core';
import { IconBookmark } from '@tabler/icons-react';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState, type FormEvent } from 'react';
import { api, ask, type Schema } from '../../api/client';
import { useFilters, type DeviceFilter } from '../../api/hooks';
import { useMay } from '../../ui/May';
import { Failed } from '../../ui/Page';
import forms from '../Devices.module.css';

type Filter = Schema<'CampaignFilter'>;

/** What the screen shows of a filter; null where it has more than the screen can show. */
function shown({ targets: t }: Filter): DeviceFilter | null {
  if (t.devices?.length || t.except?.length || (t.labels?.length ?? 0) > 1) return null;
  return { text: t.text, driver: t.driver, model: t.model, version: t.version, label: t.labels?.[0] };
}

/** Keeps what is filtered under a name, for campaigns too. */
function SaveFilter({ filter, onClose }: { filter: DeviceFilter; onClose: () => void }) {
  const queries = useQueryClient();
  const [name, setName] = useState('');
  const { label, ...rest } = filter;
  const put = useMutation({
    meta: { quiet: true },
    mutationFn: () => ask(api.PUT('/api/v1/filters/{name}', { params: { path: { name: name.trim() } }, body: { ...rest, labels: label ? [label] : undefined } })),
    onSuccess: () => {
      void queries.invalidateQueries({ queryKey: ['filters'] });
      onClose();
    },
  });
  const submit = (e: FormEvent) => {
    e.preventDefault();
    put.mutate();
  };
  return (
    <Modal opened onClose={onClose} title="Save this filter" removeScrollProps={{ enabled: false }}>
      <form onSubmit={submit} className={forms.form}>
        <TextInput label="Name" description="one that is there already is replaced" required maxLength={100} value={name} onChange={(e) => setName(e.currentTarget.value)} data-autofocus />
        {put.error && <Failed error={put.error} />}
        <div className={forms.foot}>
          <Button variant="default" onClick={onClose}>Cancel</Button>
          <Button type="submit" loading={put.isPending} disabled={!name.trim()}>Save</Button>
        </div>
      </form>
    </Modal>
  );
}

/** The saved filters: choose one, save what is filtered, forget one. */
export function SavedFilters({ filter, narrowed, onChoose }: { filter: DeviceFilter; narrowed: boolean; onChoose: (filter: DeviceFilter) => void }) {
  const queries = useQueryClient();
  const may = useMay();
  const filters = useFilters();
  const [saving, setSaving] = useState(false);
  const remove = useMutation({
    mutationFn: (name: string) => ask(api.DELETE('/api/v1/filters/{name}', { params: { path: { name } } })),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['filters'] }),
  });
  const list = filters.data ?? [];
  if (!may('view', true) || (list.length === 0 && !(narrowed && may('operate', true)))) return null;
  return (
    <>
      <Menu position="bottom-end">
        <Menu.Target><Button variant="default" leftSection={<IconBookmark size={15} />}>Saved filters</Button></Menu.Target>
        <Menu.Dropdown>
          {list.map((f) => {
            const choice = shown(f);
            return (
              <Menu.Item key={f.name} disabled={!choice} title={choice ? undefined : 'it names devices: campaigns can use it'} onClick={() => choice && onChoose(choice)}>
                {f.name}
              </Menu.Item>
            );
          })}
          {may('operate', true) && <Menu.Item disabled={!narrowed} onClick={() => setSaving(true)}>Save this filter…</Menu.Item>}
          {may('operate', true) && list.map((f) => <Menu.Item key={`forget ${f.name}`} color="red" onClick={() => remove.mutate(f.name)}>Forget {f.name}</Menu.Item>)}
        </Menu.Dropdown>
      </Menu>
      {saving && <SaveFilter filter={filter} onClose={() => setSaving(false)} />}
    </>
  );
}
