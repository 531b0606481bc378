import { Button, Tabs, TextInput, Textarea } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState, type FormEvent } from 'react';
import { useId, useQueryState } from '../lib/search';
import { api, ask, type Schema } from '../api/client';
import { useReleases } from '../api/hooks';
import { many } from '../lib/format';
import { Mark, type State } from '../ui/Mark';
import { Empty, Facts, Failed, Loaded, Page, Part } from '../ui/Page';
import { ReportView } from '../ui/Report';
import { To, releasePath } from '../ui/To';
import classes from './Run.module.css';
import { useMigrations } from './Migrations';

type Pack = Schema<'Pack'>;
const severities: Record<string, State> = { manual: { tone: 'wait', shape: 'ask', word: 'manual' }, warning: { tone: 'wait', shape: 'warn', word: 'warning' }, info: { tone: 'idle', shape: 'none', word: 'info' } };

function Rules({ pack }: { pack: Pack }) {
  return (
    <div className={classes.stack}>
      {(pack.steps ?? []).map((s) => (
        <Part key={`${s.from}-${s.to}`} title={`${s.from} → ${s.to}`} actions={<span className="soft">{many((s.rules ?? []).length, 'rule')}{s.convert && `, then converted to ${s.convert}`}</span>} flush>
          <ul className={classes.rules}>
            {(s.rules ?? []).map((r) => (
              <li key={r.id}>
                <span className="mono">{r.id}</span>
                <span>{r.why}</span>
                <span className="soft">{r.category}</span>
                {r.severity ? <Mark state={severities[r.severity] ?? { tone: 'idle', shape: 'none', word: r.severity }} /> : <span />}
              </li>
            ))}
          </ul>
        </Part>
      ))}
      {(pack.steps ?? []).length === 0 && <Part><Empty title="Its rules go by components">drydock migrate check shows them.</Empty></Part>}
    </div>
  );
}

function Check({ pack }: { pack: Pack }) {
  const [text, setText] = useState('');
  const [backup, setBackup] = useState('');
  const [from, setFrom] = useState('');
  const [to, setTo] = useState('');
  const check = useMutation({
    meta: { quiet: true },
    mutationFn: () => ask(api.POST('/api/v1/migrations/{name}/check', { params: { path: { name: pack.name } }, body: { backup: backup.trim() || undefined, configuration: backup.trim() ? undefined : text, from: from.trim() || undefined, to: to.trim() || undefined } })),
  });
  const submit = (e: FormEvent) => {
    e.preventDefault();
    check.mutate();
  };
  return (
    <div className={classes.stack}>
      <Part title="Try it; nothing is touched">
        <form onSubmit={submit} className={classes.stack}>
          <div className={classes.row}>
            <TextInput label="A backup" placeholder="its id, as on the screen Backups" value={backup} onChange={(e) => setBackup(e.currentTarget.value)} w={260} />
            <TextInput label="From version" placeholder="as it tells" value={from} onChange={(e) => setFrom(e.currentTarget.value)} w={130} />
            <TextInput label="To version" placeholder={pack.newest} value={to} onChange={(e) => setTo(e.currentTarget.value)} w={130} />
          </div>
          {!backup.trim() && <Textarea label="Or a configuration" autosize minRows={6} maxRows={16} value={text} onChange={(e) => setText(e.currentTarget.value)} styles={{ input: { fontFamily: 'var(--mantine-font-family-monospace)' } }} />}
          <div><Button type="submit" loading={check.isPending} disabled={!text && !backup.trim()}>Check</Button></div>
        </form>
      </Part>
      {check.error && <Failed error={check.error} />}
      {check.data && <ReportView report={check.data} />}
    </div>
  );
}

function Rehearse({ pack }: { pack: Pack }) {
  const releases = useReleases();
  const mine = (releases.data ?? []).filter((r) => r.pack === pack.name);
  return (
    <Part flush>
      {mine.length === 0 ? <Empty title="No release uses this migration">Add a release that names it; its campaign's plan rehearses it on the newest backup of each device, and groups the devices by what changes.</Empty> : (
        <ul className={classes.backups}>
          {mine.map((r) => (
            <li key={r.id}>
              <To to={releasePath(r.id)}>{r.id}</To>
              <To to={`/campaigns/new?release=${encodeURIComponent(r.id)}`}>plan a campaign: rehearse it on the fleet's newest backups</To>
            </li>
          ))}
        </ul>
      )}
    </Part>
  );
}

export default function Migration() {
  const name = useId();
  const packs = useMigrations();
  const [params, set] = useQueryState();
  return (
    <Loaded query={packs}>
      {(all) => {
        const pack = all?.find((p) => p.name === name);
        if (!pack) return <Page title={name}><Empty title="There is no such migration pack"><To to="/migrations">Migrations</To></Empty></Page>;
        return (
          <Page title={pack.name} beside={<span className="soft">migration</span>}>
            <Part><Facts of={[['Format', pack.format], ['Leads to', pack.newest], ['Steps', String((pack.steps ?? []).length)]]} /></Part>
            <Tabs value={params.get('tab') ?? 'rules'} onChange={(tab) => set({ tab: tab ?? undefined })} keepMounted={false}>
              <Tabs.List mb="sm">
                <Tabs.Tab value="rules">Rules</Tabs.Tab>
                <Tabs.Tab value="check">Check</Tabs.Tab>
                <Tabs.Tab value="rehearse">Rehearse</Tabs.Tab>
              </Tabs.List>
              <Tabs.Panel value="rules"><Rules pack={pack} /></Tabs.Panel>
              <Tabs.Panel value="check"><Check pack={pack} /></Tabs.Panel>
              <Tabs.Panel value="rehearse"><Rehearse pack={pack} /></Tabs.Panel>
            </Tabs>
          </Page>
        );
      }}
    </Loaded>
  );
}
