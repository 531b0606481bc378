import { Anchor, SegmentedControl, Tabs, useMantineColorScheme } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { lazy, Suspense } from 'react';
import { useQueryState } from '../lib/search';
import { Mark } from '../ui/Mark';
import { useMay, useMe } from '../ui/May';
import { Facts, Loaded, Loading, Page, Part } from '../ui/Page';
import { Password } from './settings/Password';
import classes from './Run.module.css';

const Tokens = lazy(() => import('./settings/Tokens'));
const Users = lazy(() => import('./settings/Users'));
const Channels = lazy(() => import('./settings/Channels'));

function Look() {
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  return <SegmentedControl aria-label="Colours" data={[{ value: 'auto', label: 'As the system' }, { value: 'light', label: 'Light' }, { value: 'dark', label: 'Dark' }]} value={colorScheme} onChange={(v) => setColorScheme(v as 'auto')} />;
}

function Server() {
  const ready = useQuery({ queryKey: ['ready'], queryFn: async () => (await fetch('/readyz')).json() as Promise<{ version: string; parts: Record<string, string> }>, refetchInterval: 10_000 });
  return (
    <Part title="Server" actions={<Anchor href="/openapi.json">API</Anchor>}>
      <Loaded query={ready}>
        {(r) => (
          <Facts of={[
            ['Version', r.version],
            ...Object.entries(r.parts).map(([part, how]): [string, React.ReactNode] => [part, <Mark key={part} state={how === 'ready' ? { tone: 'good', shape: 'check', word: how } : { tone: 'bad', shape: 'cross', word: how }} />]),
          ]} />
        )}
      </Loaded>
    </Part>
  );
}

function You() {
  const me = useMe();
  return (
    <div className={classes.stack}>
      <Part title="You">
        <Loaded query={me}>
          {(m) => (
            <Facts of={[
              ['Name', m.kind === 'bootstrap' ? 'the token of the data directory' : m.name],
              ['Roles', (m.grants ?? []).map((g) => `${g.role}${g.scope ? ` in ${g.scope}` : ''}`).join(', ') || m.kind],
              ['May', (m.permissions ?? []).join(', ')],
            ]} />
          )}
        </Loaded>
      </Part>
      <Part title="Colours"><Look /></Part>
      {me.data?.kind === 'user' && <Password name={me.data.name} />}
      <Server />
    </div>
  );
}

export default function Settings() {
  const [params, set] = useQueryState();
  const admin = useMay()('administer', true);
  return (
    <Page title="Settings">
      <Tabs value={params.get('tab') ?? 'you'} onChange={(tab) => set({ tab: tab ?? undefined })} keepMounted={false}>
        <Tabs.List mb="sm">
          <Tabs.Tab value="you">You and the server</Tabs.Tab>
          <Tabs.Tab value="tokens">Tokens</Tabs.Tab>
          {admin && <Tabs.Tab value="users">Users</Tabs.Tab>}
          {admin && <Tabs.Tab value="channels">Notifications</Tabs.Tab>}
        </Tabs.List>
        <Tabs.Panel value="you"><You /></Tabs.Panel>
        <Suspense fallback={<Loading />}>
          <Tabs.Panel value="tokens"><Tokens /></Tabs.Panel>
          <Tabs.Panel value="users"><Users /></Tabs.Panel>
          <Tabs.Panel value="channels"><Channels /></Tabs.Panel>
        </Suspense>
      </Tabs>
    </Page>
  );
}
