import { Button, Tabs } from '@mantine/core';
import { IconArrowsLeftRight } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { api, ask, type Backup } from '../api/client';
import { many } from '../lib/format';
import { useQueryState } from '../lib/search';
import { purposeMeaning } from '../lib/words';
import { LineDiff, MeaningDiff } from '../ui/Diff';
import { Empty, Facts, Loaded, Page, Part } from '../ui/Page';
import { DeviceLink, To, backupPath } from '../ui/To';
import { When } from '../ui/When';
import { openBackup } from './Backup';
import classes from './Backups.module.css';

function About({ title, id }: { title: string; id: string }) {
  const backup = useQuery({ queryKey: ['backup', id], queryFn: () => ask(api.GET('/api/v1/backups/{id}', { params: { path: { id } } })) });
  return (
    <Part>
      <Loaded query={backup}>
        {(b: Backup) => (
          <Facts of={[
            [title, <DeviceLink key="d" id={b.device} />],
            ['Taken', <When key="t" at={b.takenAt} exact />],
            ['For', purposeMeaning[b.purpose] ?? b.purpose],
            ['Backup', <To key="b" to={backupPath(b.id)} className="mono">{b.id}</To>],
          ]} />
        )}
      </Loaded>
    </Part>
  );
}

function ByLine({ a, b }: { a: string; b: string }) {
  const texts = useQuery({ queryKey: ['contents', a, b], queryFn: async () => Promise.all([a, b].map(async (id) => (await openBackup(id)).text())), staleTime: Infinity, gcTime: 60_000 });
  return <Loaded query={texts}>{([left, right]) => <LineDiff a={left} b={right} names={[a, b]} />}</Loaded>;
}

function ByMeaning({ a, b }: { a: string; b: string }) {
  const diff = useQuery({ queryKey: ['diff', a, b], queryFn: () => ask(api.GET('/api/v1/diff', { params: { query: { a, b } } })) });
  return (
    <Loaded query={diff}>
      {(d) => (
        <>
          <p className={`soft ${classes.where}`}>&nbsp;&nbsp;{many((d.differences ?? []).length, 'difference')} in meaning; order and spelling that mean nothing to this family do not count</p>
          <MeaningDiff of={d.differences ?? []} />
        </>
      )}
    </Loaded>
  );
}

export default function Compare() {
  const [params, set] = useQueryState();
  const a = params.get('a');
  const b = params.get('b');
  if (!a || !b)
    return (
      <Page title="Compare">
        <Empty title="Choose two backups first"><To to="/backups">Backups</To></Empty>
      </Page>
    );
  return (
    <Page title="Compare" actions={<Button variant="default" leftSection={<IconArrowsLeftRight size={15} />} onClick={() => set({ a: b, b: a })}>Swap</Button>}>
      <div className={classes.pick}>
        <About title="First" id={a} />
        <About title="Second" id={b} />
      </div>
      <Tabs value={params.get('by') ?? 'meaning'} onChange={(by) => set({ by: by ?? undefined })} keepMounted={false}>
        <Tabs.List mb="sm">
          <Tabs.Tab value="meaning">By meaning</Tabs.Tab>
          <Tabs.Tab value="line">By line</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="meaning"><Part flush><ByMeaning a={a} b={b} /></Part></Tabs.Panel>
        <Tabs.Panel value="line"><Part flush><ByLine a={a} b={b} /></Part></Tabs.Panel>
      </Tabs>
    </Page>
  );
}
