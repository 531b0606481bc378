import { Alert, Button, Menu, Modal } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconChevronDown, IconPlayerPause, IconPlayerPlay } from '@tabler/icons-react';
import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { Link } from 'wouter';
import { api, ask, problemOf, type Campaign as CampaignType, type Member } from '../api/client';
import { rowsOf } from '../api/hooks';
import { follow } from '../api/live';
import { authorization } from '../api/session';
import { useId } from '../lib/search';
import { save } from '../lib/csv';
import { count, date, many, span } from '../lib/format';
import { causeMeaning, plain } from '../lib/words';
import { Cells } from '../ui/Cells';
import { Mark, campaignState } from '../ui/Mark';
import { useMay } from '../ui/May';
import { Empty, Facts, Loaded, Page, Part } from '../ui/Page';
import { Tally } from '../ui/Tally';
import { To, releasePath } from '../ui/To';
import { Lasting, When, useNow } from '../ui/When';
import classes from './Campaign.module.css';

type Verb = 'pause' | 'resume' | 'approve' | 'cancel';
const over = (c: CampaignType): boolean => c.status === 'done' || c.status === 'stopped';

function useOrder(id: string) {
  const queries = useQueryClient();
  const path = { params: { path: { id } }, body: {} };
  const orders = {
    pause: () => ask(api.POST('/api/v1/campaigns/{id}/pause', path)),
    resume: () => ask(api.POST('/api/v1/campaigns/{id}/resume', path)),
    approve: () => ask(api.POST('/api/v1/campaigns/{id}/approve', path)),
    cancel: () => ask(api.POST('/api/v1/campaigns/{id}/cancel', path)),
    retry: () => ask(api.POST('/api/v1/campaigns/{id}/retry', path)),
  };
  return useMutation({ mutationFn: (verb: Verb | 'retry') => orders[verb](), onSuccess: (c) => queries.setQueryData(['campaign', id], c) });
}

async function report(id: string, name: string) {
  const response = await fetch(`/api/v1/campaigns/${encodeURIComponent(id)}/report`, { headers: authorization() });
  if (!response.ok) throw await problemOf(response);
  save(`${name}.html`, await response.blob());
}

function Actions({ campaign: c }: { campaign: CampaignType }) {
  const order = useOrder(c.id);
  const may = useMay();
  const [open, { open: show, close }] = useDisclosure();
  const failed = c.tally.states?.failed ?? 0;
  const busy = order.isPending;
  return (
    <>
      {c.status === 'approving' && may('approve') && <Button loading={busy} onClick={() => order.mutate('approve')}>Approve wave {c.wave + 1}</Button>}
      {c.status === 'paused' && may('operate') && <Button loading={busy} leftSection={<IconPlayerPlay size={15} />} onClick={() => order.mutate('resume')}>Resume</Button>}
      {!over(c) && c.status !== 'paused' && may('operate') && <Button color="orange.9" loading={busy} leftSection={<IconPlayerPause size={15} />} onClick={() => order.mutate('pause')}>Pause</Button>}
      <Menu position="bottom-end">
        <Menu.Target><Button variant="default" rightSection={<IconChevronDown size={14} />}>More</Button></Menu.Target>
        <Menu.Dropdown>
          {may('operate') && <Menu.Item disabled={failed === 0} onClick={() => order.mutate('retry')}>Retry {many(failed, 'failed device')}</Menu.Item>}
          {over(c) && may('operate') && (c.tally.states?.succeeded ?? 0) > 0 && c.spec.goal !== 'revert' && <Menu.Item component={Link} href={`/campaigns/new?${new URLSearchParams({ of: c.id, name: `${c.spec.name}, back` })}`}>Back to the version before…</Menu.Item>}
          <Menu.Item onClick={() => void report(c.id, c.spec.name)}>Download the report</Menu.Item>
          {!over(c) && may('operate') && <Menu.Item color="red" onClick={show}>Cancel the campaign…</Menu.Item>}
        </Menu.Dropdown>
      </Menu>
      <Modal opened={open} onClose={close} title="Cancel the campaign?" removeScrollProps={{ enabled: false }}>
        <p>No more devices are started. What has begun to load goes through, or asks. It cannot be taken back.</p>
        <Button color="red" onClick={() => { order.mutate('cancel'); close(); }}>Cancel the campaign</Button>
      </Modal>
    </>
  );
}

function Waves({ campaign: c }: { campaign: CampaignType }) {
  return (
    <ol className={classes.waves}>
      {(c.byWave ?? []).map((w, i) => (
        <li key={i} aria-current={i === c.wave && !over(c) ? 'step' : undefined}>
          <span className={classes.wave}>Wave {i + 1}</span>
          <span className="soft tnum">{count(w.devices)}</span>
          <Tally tally={w.tally} of={w.devices} words={false} />
        </li>
      ))}
    </ol>
  );
}

/** How far it is, at a glance. */
function Progress({ campaign: c }: { campaign: CampaignType }) {
  const states = c.tally.states ?? {};
  const ended = (states.succeeded ?? 0) + (states.failed ?? 0) + (states.blocked ?? 0) + (states.cancelled ?? 0);
  const share = c.devices ? Math.floor((100 * ended) / c.devices) : 0;
  return (
    <Part>
      <div className={classes.progress}>
        <span className={classes.figure}>{share} %</span>
        <span>{count(ended)} of {many(c.devices, 'device')} ended{!over(c) && (c.byWave ?? []).length > 1 && `, wave ${c.wave + 1} of ${c.byWave?.length}`}</span>
        <span className={classes.pace}><Pace campaign={c} /></span>
      </div>
      <Tally tally={c.tally} of={c.devices} />
    </Part>
  );
}

function Pace({ campaign: c }: { campaign: CampaignType }) {
  const now = useNow();
  const start = date(c.startedAt);
  const done = (c.tally.states?.succeeded ?? 0) + (c.tally.states?.failed ?? 0);
  if (!start || done === 0) return <span className="soft">no device has ended yet</span>;
  const took = (date(c.endedAt) ?? now).getTime() - start.getTime();
  const perMinute = done / (took / 60_000);
  const left = c.devices - done - (c.tally.states?.blocked ?? 0) - (c.tally.states?.cancelled ?? 0);
  return <>{perMinute >= 10 ? Math.round(perMinute) : perMinute.toFixed(1)} devices/min{left > 0 && !over(c) && c.status !== 'paused' && `, about ${span((left / perMinute) * 60_000)} left`}</>;
}

function Causes({ campaign: c }: { campaign: CampaignType }) {
  const causes = Object.entries(c.tally.causes ?? {}).filter(([, n]) => n > 0).sort(([, a], [, b]) => b - a);
  if (causes.length === 0) return <Empty title="No device has failed" />;
  return (
    <ul className={classes.causes}>
      {causes.map(([cause, n]) => (
        <li key={cause}>
          <Mark state={{ tone: 'bad', shape: 'cross', word: plain(cause) || 'no cause' }} />
          <span className="soft">{causeMeaning[cause]}</span>
          <b className="tnum">{count(n)}</b>
        </li>
      ))}
    </ul>
  );
}

const page = 5000;

/** All members, page by page: the cells show each of them. */
function useMembers(id: string) {
  const members = useInfiniteQuery({
    queryKey: ['campaign-devices', id],
    queryFn: ({ pageParam, signal }) => ask(api.GET('/api/v1/campaigns/{id}/devices', { params: { path: { id }, query: { limit: page, after: pageParam } }, signal })),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last: Member[] | null | undefined) => (last?.length === page ? last[last.length - 1].device : undefined),
  });
  const { hasNextPage, isFetching, fetchNextPage } = members;
  useEffect(() => {
    if (hasNextPage && !isFetching) void fetchNextPage();
  }, [hasNextPage, isFetching, fetchNextPage]);
  return members;
}

function View({ campaign: c }: { campaign: CampaignType }) {
  const members = useMembers(c.id);
  const [state, setState] = useState<string | null>(null);
  const asks = useQuery({ queryKey: ['questions', false], queryFn: () => ask(api.GET('/api/v1/questions')) });
  const runs = new Set(rowsOf(members.data).map((m) => m.run));
  const releases = c.spec.releases?.length ? c.spec.releases : c.spec.release ? [c.spec.release] : [];
  const asking = (asks.data ?? []).filter((q) => runs.has(q.run));
  return (
    <Page title={c.spec.name} beside={<Mark state={campaignState(c.status)} chip />} actions={<Actions campaign={c} />}>
      {c.why && c.status === 'paused' && <Alert color="yellow" variant="light" title="It is paused">{c.why}. Devices that were loading go through; no more are started until somebody resumes it.</Alert>}
      {c.asking > 0 && <Alert color="yellow" variant="light">{many(c.asking, 'device')} {c.asking === 1 ? 'asks' : 'ask'} you. <To to="/questions">Answer</To></Alert>}
      <Progress campaign={c} />
      <div className={classes.columns}>
        <Part title="Waves"><Waves campaign={c} /></Part>
        <Part title="Failures by cause" flush><Causes campaign={c} /></Part>
      </div>
      <Part title={many(c.devices, 'device')} actions={<span className="soft">each cell is a device</span>}>
        <Loaded query={members}>{() => <Cells members={rowsOf(members.data)} asking={new Set(asking.map((q) => q.device))} only={state} onOnly={setState} />}</Loaded>
      </Part>
      <Part>
        <Facts of={[
          [releases.length > 1 ? 'Releases' : 'Release', releases.map((r) => <div key={r}><To to={releasePath(r)}>{r}</To></div>)],
          ['Started', <When key="s" at={c.startedAt} exact />],
          ['Started by', c.startedBy],
          ['Took', <Lasting key="l" from={c.startedAt} to={c.endedAt} />],
          ['Waits until', date(c.until) && <When key="u" at={c.until} exact />],
          ['At once, at most', count(c.spec.caps?.inFlight)],
          ['Pauses after', many(c.spec.budget?.failures ?? 0, 'failure')],
          ['Windows', (c.spec.schedule?.windows ?? []).map((w) => `${w.from} to ${w.to} ${(w.days ?? []).join(' ')}`).join(', ') || 'at any time'],
        ]} />
      </Part>
      <Part title="What happened" flush>
        <ul className={classes.log}>
          {[...(c.log ?? [])].reverse().map((n, i) => (
            <li key={i}><When at={n.at} exact /> <span className="wrap">{n.what}</span></li>
          ))}
        </ul>
      </Part>
    </Page>
  );
}

/** One campaign, as it goes. */
export default function Campaign() {
  const id = useId();
  const queries = useQueryClient();
  const campaign = useQuery({ queryKey: ['campaign', id], queryFn: () => ask(api.GET('/api/v1/campaigns/{id}', { params: { path: { id } } })) });
  const ended = campaign.data ? over(campaign.data) && !(campaign.data.tally.states?.running || campaign.data.tally.states?.starting) : true;
  useEffect(() => {
    if (ended) return;
    return follow<CampaignType>(`/api/v1/campaigns/${encodeURIComponent(id)}/events`, () => undefined, (c) => {
      queries.setQueryData(['campaign', id], c);
      void queries.invalidateQueries({ queryKey: ['campaign-devices', id] });
    });
  }, [id, ended, queries]);
  return <Loaded query={campaign}>{(c) => <View campaign={c} />}</Loaded>;
}
