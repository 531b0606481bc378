import { Button, Modal, Select } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useLocation } from 'wouter';
import { api, ask, type Schema } from '../api/client';
import { useReleases } from '../api/hooks';
import { many, octets } from '../lib/format';
import { Mark } from './Mark';
import { notice } from './Notices';
import { Facts, Failed, Loading } from './Page';
import { runPath } from './To';

type Order = Pick<Schema<'RunOrder'>, 'goal' | 'release' | 'backup'>;

/** Starts runs and shows the first of them. */
export function useStart(devices: string[]) {
  const queries = useQueryClient();
  const [, go] = useLocation();
  return useMutation({
    mutationFn: (order: Order) => ask(api.POST('/api/v1/runs', { body: { devices, goal: order.goal ?? 'update', release: order.release, backup: order.backup, key: crypto.randomUUID() } })),
    onSuccess: (started) => {
      void queries.invalidateQueries({ queryKey: ['runs'] });
      for (const s of started ?? []) if (s.error) notice(new Error(`${s.device}: ${s.error}`));
      const first = (started ?? []).find((s) => s.run);
      if (first?.run) go(runPath(first.run));
    },
  });
}

function Preview({ device, release }: { device: string; release: string }) {
  const plan = useQuery({ queryKey: ['plan', device, release], queryFn: () => ask(api.POST('/api/v1/plan', { body: { devices: [device], release, goal: 'update' } })) });
  if (plan.error) return <Failed error={plan.error} />;
  const p = plan.data?.[0];
  if (!p) return <Loading />;
  return (
    <>
      <Facts of={[
        ['Version', `${p.from || 'unknown'} → ${p.to}`],
        ['To transfer', octets(p.bytes)],
        ['Configuration', { no: 'needs no modification', yes: `${many((p.rules ?? []).length, 'rule')} will modify it`, manual: 'a person will be asked to decide', unknown: 'not known: there is no backup yet' }[p.modify] ?? p.modify],
      ]} />
      {(p.blockers ?? []).map((b) => <p key={b}><Mark state={{ tone: 'bad', shape: 'ban', word: 'blocked' }} /> {b}</p>)}
      {(p.concerns ?? []).map((c) => <p key={c}><Mark state={{ tone: 'wait', shape: 'warn', word: 'will be asked' }} /> {c}</p>)}
    </>
  );
}

/** Updates one device: what would happen, then one consent. */
export function UpdateOne({ device, driver, opened, onClose }: { device: string; driver: string; opened: boolean; onClose: () => void }) {
  const releases = useReleases();
  const [release, setRelease] = useState<string | null>(null);
  const start = useStart([device]);
  const fit = (releases.data ?? []).filter((r) => r.driver === driver);
  return (
    <Modal opened={opened} onClose={onClose} title={`Update ${device}`} size="lg" removeScrollProps={{ enabled: false }}>
      <Select label="Release" placeholder={fit.length ? 'Choose a release' : 'There is no release of this family yet'} data={fit.map((r) => ({ value: r.id, label: `${r.id} (version ${r.version})` }))} value={release} onChange={setRelease} mb="md" data-autofocus />
      {release && <Preview device={device} release={release} />}
      <p className="soft">drydock backs the configuration up first, and asks whenever something fails. Loading restarts the device.</p>
      <Button disabled={!release} loading={start.isPending} onClick={() => release && start.mutate({ goal: 'update', release }, { onSuccess: onClose })}>
        Update {device} now
      </Button>
    </Modal>
  );
}
