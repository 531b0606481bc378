import { Button, Modal, Tabs } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useLocation } from 'wouter';
import { api, ask, type Device as DeviceType, type Run } from '../api/client';
import { rowsOf, useBackups, useDevice, useRuns } from '../api/hooks';
import { useId, useQueryState } from '../lib/search';
import { BackupTable } from '../ui/BackupTable';
import { DataTable } from '../ui/DataTable';
import { Mark, runState } from '../ui/Mark';
import { May } from '../ui/May';
import { UpdateOne, useStart } from '../ui/OrderRuns';
import { Empty, Facts, Loaded, Page, Part } from '../ui/Page';
import { To, runPath } from '../ui/To';
import { When } from '../ui/When';
import { runColumns } from './Runs';
import { CredentialState } from './devices/CredentialState';
import { SelfRun } from './devices/SelfRun';
import classes from './Run.module.css';

/** The versions that runs brought the device to, newest first. */
function Versions({ device, runs }: { device: DeviceType; runs: Run[] }) {
  const steps = runs.filter((r) => r.state.from && r.state.seen.version && r.state.from !== r.state.seen.version);
  return (
    <ul className={classes.backups}>
      <li>
        <b>{device.version || 'not read yet'}</b> <span className="soft">now</span>
      </li>
      {steps.map((r) => (
        <li key={r.id}>
          <span>
            {r.state.from} → {r.state.seen.version}
          </span>
          <Mark state={runState(r)} />
          <When at={r.updatedAt} device={device.labels?.timezone} exact />
          <To to={runPath(r.id)} className="mono">
            {r.id}
          </To>
        </li>
      ))}
    </ul>
  );
}

function Remove({ id }: { id: string }) {
  const [open, { open: show, close }] = useDisclosure();
  const [, go] = useLocation();
  const queries = useQueryClient();
  const remove = useMutation({
    mutationFn: () => ask(api.DELETE('/api/v1/devices/{id}', { params: { path: { id } } })),
    onSuccess: () => {
      void queries.invalidateQueries({ queryKey: ['devices'] });
      go('/devices');
    },
  });
  return (
    <>
      <Button variant="default" onClick={show}>
        Remove
      </Button>
      <Modal opened={open} onClose={close} title={`Take ${id} out of the fleet?`} removeScrollProps={{ enabled: false }}>
        <p>drydock forgets the device and its credentials. Its runs and backups stay.</p>
        <Button color="red" loading={remove.isPending} onClick={() => remove.mutate(undefined, { onSettled: close })}>
          Remove {id}
        </Button>
      </Modal>
    </>
  );
}

function View({ device }: { device: DeviceType }) {
  const [params, set] = useQueryState();
  const [update, { open, close }] = useDisclosure();
  const start = useStart([device.id]);
  const runs = useRuns({ device: device.id }, 50);
  const backups = useBackups({ device: device.id }, 100);
  const rows = rowsOf(runs.data);
  const active = rows.find((r) => !r.state.result);
  return (
    <Page title={device.id} beside={active && <To to={runPath(active.id)}><Mark state={runState(active)} chip /></To>} actions={
      <May to="operate">
        <Remove id={device.id} />
        <Button variant="default" loading={start.isPending} disabled={!!active} onClick={() => start.mutate({ goal: 'backup' })}>Back up now</Button>
        <Button disabled={!!active} onClick={open}>Update…</Button>
      </May>
    }>
      <UpdateOne device={device.id} driver={device.driver} opened={update} onClose={close} />
      <Part>
        <Facts of={[
          ['Address', <span key="a" className="mono">{device.address}</span>],
          ['Driver', <To key="d" to={`/drivers/${device.driver}`}>{device.driver}</To>],
          ['Model', device.model],
          ['Version', device.version],
          ['Serial number', device.identity.serial && <span key="s" className="mono">{device.identity.serial}</span>],
          ['Engine ID', device.identity.engineID && <span key="e" className="mono">{device.identity.engineID}</span>],
          ['sysObjectID', device.identity.sysObjectID && <span key="o" className="mono">{device.identity.sysObjectID}</span>],
          ['Last seen', <When key="w" at={device.seenAt} device={device.labels?.timezone} />],
          ['Labels', Object.entries(device.labels ?? {}).map(([k, v]) => `${k}=${v}`).join('  ')],
          ['Credentials', <CredentialState key="c" device={device} />],
        ]} />
      </Part>
      <SelfRun device={device.id} driver={device.driver} />
      <Tabs value={params.get('tab') ?? 'runs'} onChange={(tab) => set({ tab: tab ?? undefined })} keepMounted={false}>
        <Tabs.List mb="sm">
          <Tabs.Tab value="runs">Runs</Tabs.Tab>
          <Tabs.Tab value="versions">Versions</Tabs.Tab>
          <Tabs.Tab value="backups">Backups</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="runs">
          <div className="sheet">
            <DataTable label="Runs" columns={runColumns.filter((c) => c.key !== 'device')} rows={rows} id={(r) => r.id} to={(r) => runPath(r.id)} busy={runs.isPending} more={runs.hasNextPage ? () => void runs.fetchNextPage() : undefined} empty={<Empty title="No run yet">Update the device, or back it up: both are runs.</Empty>} />
          </div>
        </Tabs.Panel>
        <Tabs.Panel value="versions"><Part flush><Versions device={device} runs={rows} /></Part></Tabs.Panel>
        <Tabs.Panel value="backups"><BackupTable backups={backups} /></Tabs.Panel>
      </Tabs>
    </Page>
  );
}

export default function Device() {
  const id = useId();
  const device = useDevice(id);
  return <Loaded query={device}>{(d) => <View device={d} />}</Loaded>;
}
