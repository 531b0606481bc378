import { Button, FileInput, Modal, Progress, Select, TextInput, Textarea } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState, type FormEvent } from 'react';
import { useLocation } from 'wouter';
import { api, ask } from '../../api/client';
import { useDrivers } from '../../api/hooks';
import { octets } from '../../lib/format';
import { Failed } from '../../ui/Page';
import { releasePath } from '../../ui/To';
import classes from '../Devices.module.css';
import { digest, upload } from './upload';

const words = (text: string): string[] | undefined => {
  const all = text.trim().split(/[\s,]+/).filter(Boolean);
  return all.length ? all : undefined;
};

interface Fields {
  id: string;
  driver: string;
  version: string;
  role: string;
  models: string;
  from: string;
  pack: string;
  recover: string;
  notes: string;
}

const none: Fields = { id: '', driver: '', version: '', role: 'image', models: '', from: '', pack: '', recover: 'original', notes: '' };

function useAdd(fields: Fields, files: File[], progress: (share: number) => void) {
  const queries = useQueryClient();
  const [, go] = useLocation();
  return useMutation({
    meta: { quiet: true },
    mutationFn: async () => {
      const sums = await Promise.all(files.map((f) => (f.size < 1 << 29 ? digest(f) : '')));
      const list = files.map((f, i) => ({ role: i === 0 ? fields.role.trim() : f.name.replace(/\..*$/, ''), name: f.name, size: f.size, digest: sums[i] }));
      return upload({ id: fields.id.trim(), driver: fields.driver, version: fields.version.trim(), files: list, models: words(fields.models), from: words(fields.from), pack: fields.pack || undefined, recover: fields.recover, notes: fields.notes || undefined }, files, progress);
    },
    onSuccess: (r) => {
      void queries.invalidateQueries({ queryKey: ['releases'] });
      go(releasePath(r.id));
    },
  });
}

export default function AddRelease({ onClose }: { onClose: () => void }) {
  const drivers = useDrivers();
  const packs = useQuery({ queryKey: ['migrations'], queryFn: () => ask(api.GET('/api/v1/migrations')) });
  const [f, setFields] = useState(none);
  const [files, setFiles] = useState<File[]>([]);
  const [sent, setSent] = useState<number | null>(null);
  const set = (change: Partial<Fields>) => setFields((was) => ({ ...was, ...change }));
  const add = useAdd(f, files, setSent);
  const submit = (e: FormEvent) => {
    e.preventDefault();
    add.mutate();
  };
  const size = files.reduce((n, x) => n + x.size, 0);
  return (
    <Modal opened onClose={onClose} title="Add a release" size="lg" removeScrollProps={{ enabled: false }}>
      <form onSubmit={submit} className={classes.form}>
        <Select label="Driver" required searchable openOnFocus={false} placeholder="Which family it is for" data={(drivers.data ?? []).map((d) => ({ value: d.name, label: `${d.name}: ${d.description}` }))} value={f.driver || null} onChange={(v) => set({ driver: v ?? '' })} data-autofocus />
        <div className={classes.pair}>
          <TextInput label="Version" description="as devices will report it" required value={f.version} onChange={(e) => set({ version: e.currentTarget.value })} />
          <TextInput label="Name of the release" description="yours" required value={f.id} onChange={(e) => set({ id: e.currentTarget.value })} />
        </div>
        <FileInput size="xs" label="Files" required multiple value={files} onChange={setFiles} placeholder="Choose the software's files" />
        <div className={classes.pair}>
          <TextInput label="What the first file is to the driver" value={f.role} onChange={(e) => set({ role: e.currentTarget.value })} />
          <Select label="Migration of configurations" clearable placeholder="none" data={(packs.data ?? []).map((p) => p.name)} value={f.pack || null} onChange={(v) => set({ pack: v ?? '' })} />
          <TextInput label="Models" placeholder="all of the family; IAD-*" value={f.models} onChange={(e) => set({ models: e.currentTarget.value })} />
          <TextInput label="Loads over versions" placeholder="any; 1.4* 1.5*" value={f.from} onChange={(e) => set({ from: e.currentTarget.value })} />
        </div>
        <Select label="After loading, the device is given" data={[{ value: 'original', label: 'its configuration as it was, then what must be modified' }, { value: 'modified', label: 'the modified configuration: the new version cannot read the old form' }]} value={f.recover} allowDeselect={false} onChange={(v) => set({ recover: v ?? 'original' })} />
        <Textarea label="Notes" autosize minRows={2} value={f.notes} onChange={(e) => set({ notes: e.currentTarget.value })} />
        {add.isPending && <Progress aria-label="Upload" value={100 * (sent ?? 0)} />}
        {add.isPending && <span className="soft" role="status">{sent === null ? 'The checksum is computed' : `${octets(size * sent)} of ${octets(size)}`}</span>}
        {add.error && <Failed error={add.error} />}
        <div className={classes.foot}>
          <Button variant="default" onClick={onClose}>Cancel</Button>
          <Button type="submit" loading={add.isPending} disabled={!f.driver || files.length === 0}>Add {files.length > 0 && octets(size)}</Button>
        </div>
      </form>
    </Modal>
  );
}
