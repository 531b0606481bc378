import { Alert, Button, Menu, Tabs } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';

import { api, ask, type Entry, type Run as RunType } from '../api/client';
import { useBackups, rowsOf, useDevice, useRun } from '../api/hooks';
import { octets } from '../lib/format';
import { useId, useQueryState } from '../lib/search';
import { stepsOf } from '../lib/steps';
import { causeMeaning, choiceMeaning, leftMeaning, plain, purposeMeaning } from '../lib/words';
import { Mark, runState, type State } from '../ui/Mark';
import { May } from '../ui/May';
import { Empty, Facts, Loaded, Page, Part } from '../ui/Page';
import { ReportView } from '../ui/Report';
import { Steps } from '../ui/Steps';
import { DeviceLink, To, backupPath, releasePath } from '../ui/To';
import { Lasting, When } from '../ui/When';
import { Consent } from './Questions';
import { EvidenceTab } from './run/Evidence';
import classes from './Run.module.css';

function Ask({ run }: { run: RunType }) {
  const [choice, setChoice] = useState<string | null>(null);
  const q = run.state.question;
  if (!q) return null;
  const order = choice ? { choice, questions: [{ ...q, run: run.id, device: run.device, open: true }] } : null;
  return (
    <Alert color="yellow" variant="light" title={`${run.device} asks: ${causeMeaning[q.cause] ?? q.cause}`} className={classes.ask}>
      <p className="wrap">{q.detail}</p>
      <div className={classes.answers}>
        <May to="operate">
          {(q.choices ?? []).map((c) => (
            <Button key={c} variant={c === 'repeat' ? 'filled' : 'default'} color={c === 'stop' ? 'red' : undefined} title={choiceMeaning[c]?.means} onClick={() => setChoice(c)}>
              {choiceMeaning[c]?.word ?? c}
            </Button>
          ))}
        </May>
        <span className="soft">
          asked <When at={q.askedAt} />; the run stops safely <When at={q.deadline} /> if nobody answers
        </span>
      </div>
      <Consent order={order} onDone={() => setChoice(null)} />
    </Alert>
  );
}

const kinds: Record<string, State> = {
  started: { tone: 'idle', shape: 'run', word: 'started' },
  accepted: { tone: 'busy', shape: 'check', word: 'accepted' },
  finished: { tone: 'good', shape: 'check', word: 'finished' },
  failed: { tone: 'bad', shape: 'cross', word: 'failed' },
  probed: { tone: 'busy', shape: 'check', word: 'probed' },
  overdue: { tone: 'bad', shape: 'clock', word: 'overdue' },
  answered: { tone: 'wait', shape: 'ask', word: 'answered' },
  cancelled: { tone: 'idle', shape: 'ban', word: 'cancelled' },
  restarted: { tone: 'idle', shape: 'warn', word: 'restarted' },
  noticed: { tone: 'idle', shape: 'none', word: 'noticed' },
};

/** What an event says, in words. */
function sayEvent(e: Entry['event']): string {
  const parts: (string | undefined | false)[] = [
    e.cause && `${plain(e.cause)}:`,
    e.detail,
    e.observed && `read: ${[e.observed.model, e.observed.version && `version ${e.observed.version}`, e.observed.identity.serial && `serial number ${e.observed.identity.serial}`].filter(Boolean).join(', ')}`,
    e.backup && `backup ${e.backup.id}, ${e.backup.digest.slice(0, 19)}…`,
    e.assessment && (e.assessment.needed ? `modification needed: ${(e.assessment.rules ?? []).length} rules fire, ${e.assessment.manual ?? 0} findings need a person` : 'no modification needed'),
    e.comparison && `compared: ${e.comparison.carried} lines carried, ${e.comparison.lost} lost, ${e.comparison.changed} changed, ${e.comparison.added} added by the device`,
    e.verdict && `the probe says ${e.verdict}`,
    e.choice && `${e.by || 'standing answer'}: ${e.choice}`,
    !e.choice && e.by && `by ${e.by}`,
    (e.concerns ?? []).length > 0 && (e.concerns ?? []).join('; '),
    e.unclear && 'it may have had its effect all the same',
    e.kind === 'noticed' && 'a notification of the device was heard; it is polled now',
    e.kind === 'accepted' && 'the device took the command',
    e.kind === 'restarted' && 'drydock was restarted; what was under way is found out before anything is done',
    e.plan && `${e.plan.goal || 'update'} ${e.plan.target ? `to ${e.plan.target}` : ''} by ${e.plan.protocol || 'the default protocol'}`,
  ];
  return parts.filter(Boolean).join(' ');
}

function Journal({ entries, tz }: { entries: Entry[]; tz?: string }) {
  return (
    <div className={classes.scroll} tabIndex={0} role="region" aria-label="Journal">
      <table className={classes.journal}>
        <thead>
          <tr>
            <th scope="col" className={classes.seq}>#</th>
            <th scope="col" className={classes.at}>Time</th>
            <th scope="col" className={classes.step}>Step</th>
            <th scope="col" className={classes.kind}>Event</th>
            <th scope="col">What</th>
          </tr>
        </thead>
        <tbody>
          {entries.map((e, i) => (
            <tr key={e.seq}>
              <td className="soft tnum">{e.seq}</td>
              <td><When at={e.event.at} device={tz} exact /></td>
              <td>{(entries[i - 1]?.step ?? e.step) === e.step ? e.step : `${entries[i - 1]?.step} → ${e.step}`}</td>
              <td><Mark state={kinds[e.event.kind] ?? { tone: 'idle', shape: 'none', word: e.event.kind }} /></td>
              <td className="wrap">{sayEvent(e.event)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function ReportTab({ run }: { run: RunType }) {
  const report = useQuery({ queryKey: ['report', run.id, run.seq], queryFn: () => ask(api.GET('/api/v1/runs/{id}/report', { params: { path: { id: run.id } } })), placeholderData: (before) => before });
  if (!run.state.backup) return <Part><Empty title="No backup yet">The report says line by line what becomes of the configuration, once this run has backed it up.</Empty></Part>;
  return <Loaded query={report}>{(r) => <ReportView report={r} />}</Loaded>;
}

function BackupsTab({ run }: { run: RunType }) {
  const backups = useBackups({ run: run.id });
  const rows = rowsOf(backups.data);
  const before = rows.find((b) => b.purpose === 'before-load');
  return (
    <Part flush>
      {rows.length === 0 && <Empty title="This run has no backup yet" />}
      <ul className={classes.backups}>
        {rows.map((b) => (
          <li key={b.id}>
            <To to={backupPath(b.id)} className="mono">{b.id}</To>
            <span>{purposeMeaning[b.purpose] ?? b.purpose}</span>
            <When at={b.takenAt} exact />
            <span className="soft">{octets(b.size)}</span>
            {before && b !== before && <To to={`/compare?a=${before.id}&b=${b.id}`}>compare with the one before loading</To>}
          </li>
        ))}
      </ul>
    </Part>
  );
}

function Result({ run }: { run: RunType }) {
  const r = run.state.result;
  if (!r) return null;
  return (
    <div className={classes.result}>
      <Mark state={runState(run)} size={18} />
      <span><b>{plain(r.left)}</b>: {leftMeaning[r.left] ?? ''}</span>
      {r.cause && <span>{plain(r.cause)} at {plain(r.step)}</span>}
      {r.detail && <span className="wrap">{r.detail}</span>}
      {r.by && <span className="soft">by {r.by}</span>}
    </div>
  );
}

function Actions({ run }: { run: RunType }) {
  const queries = useQueryClient();
  const cancel = useMutation({
    mutationFn: () => ask(api.POST('/api/v1/runs/{id}/cancel', { params: { path: { id: run.id } }, body: {} })),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['run', run.id] }),
  });
  if (run.state.result) return null;
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <Button variant="default">Stop…</Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item color="red" onClick={() => cancel.mutate()}>Stop before the next effect</Menu.Item>
        <Menu.Label>What is under way on the device goes through.</Menu.Label>
      </Menu.Dropdown>
    </Menu>
  );
}

function View({ run }: { run: RunType }) {
  const [params, set] = useQueryState();
  const journal = useQuery({ queryKey: ['journal', run.id], queryFn: async () => (await ask(api.GET('/api/v1/runs/{id}/journal', { params: { path: { id: run.id } } }))) ?? [] });
  const device = useDevice(run.device);
  const tz = device.data?.labels?.timezone;
  const s = run.state;
  const entries = journal.data ?? [];
  return (
    <Page title={`${s.plan.goal === 'update' || !s.plan.goal ? 'Update' : s.plan.goal} of ${run.device}`} beside={<Mark state={runState(run)} chip />} actions={<May to="operate"><Actions run={run} /></May>}>
      <Part>
        <Steps steps={stepsOf(run, entries)} percent={run.progress?.percent} />
        <Result run={run} />
      </Part>
      <Ask run={run} />
      <Part>
        <Facts of={[
          ['Device', <DeviceLink key="d" id={run.device} />],
          ['Release', run.release && <To key="r" to={releasePath(run.release)}>{run.release}</To>],
          ['Version', [s.from, s.seen.version].filter((v, i, all) => v && v !== all[i - 1]).join(' → ')],
          ['Wanted', s.plan.target],
          ['Model', s.seen.model],
          ['Serial number', <span key="s" className="mono">{s.identity.serial}</span>],
          ['Started', <When key="t" at={run.startedAt} device={tz} exact />],
          ['Took', <Lasting key="l" from={run.startedAt} to={s.result ? run.updatedAt : null} />],
          ['Transfer', s.plan.protocol],
          ['Run', <span key="i" className="mono">{run.id}</span>],
        ]} />
      </Part>
      <Tabs value={params.get('tab') ?? 'journal'} onChange={(tab) => set({ tab: tab ?? undefined })} keepMounted={false}>
        <Tabs.List mb="sm">
          <Tabs.Tab value="journal">Journal</Tabs.Tab>
          <Tabs.Tab value="evidence">SNMP and transfers</Tabs.Tab>
          <May to="reveal"><Tabs.Tab value="report">Migration report</Tabs.Tab></May>
          <Tabs.Tab value="backups">Backups</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="journal"><Part flush><Loaded query={journal}>{() => <Journal entries={entries} tz={tz} />}</Loaded></Part></Tabs.Panel>
        <Tabs.Panel value="evidence"><EvidenceTab run={run.id} seq={run.seq} /></Tabs.Panel>
        <Tabs.Panel value="report"><div className={classes.stack}><ReportTab run={run} /></div></Tabs.Panel>
        <Tabs.Panel value="backups"><BackupsTab run={run} /></Tabs.Panel>
      </Tabs>
    </Page>
  );
}

export default function Run() {
  const id = useId();
  const run = useRun(id);
  return <Loaded query={run}>{(r) => <View run={r} />}</Loaded>;
}
