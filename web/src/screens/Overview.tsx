import { Button } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from 'wouter';
import { api, ask, type Run, type Schema } from '../api/client';
import { failures, rowsOf, useCounts, useEnrolments, useQuestions, useReleases, useRuns } from '../api/hooks';
import { count, many } from '../lib/format';
import { leftMeaning, plain } from '../lib/words';
import { groupQuestions } from '../lib/groups';
import { DataTable, type Column } from '../ui/DataTable';
import { Mark, campaignState, runState } from '../ui/Mark';
import { May } from '../ui/May';
import { Empty, Failed, Loading, Page, Part } from '../ui/Page';
import { DeviceLink, To, campaignPath, runPath } from '../ui/To';
import { Tally } from '../ui/Tally';
import { When } from '../ui/When';
import classes from './Overview.module.css';

type Group = Schema<'DeviceGroup'>;

function Numbers({ devices, running, asking }: { devices: number; running: number; asking: number }) {
  const all: [string, number, string, string?][] = [
    ['Devices', devices, '/devices'],
    ['Runs under way', running, '/runs?show=active', running ? 'busy' : undefined],
    ['Open questions', asking, '/questions', asking ? 'wait' : undefined],
  ];
  return (
    <div className={classes.numbers}>
      {all.map(([name, n, to, tone]) => (
        <Link key={name} href={to} className={`sheet ${classes.number}`}>
          <span className={`${classes.figure} ${tone ? `tone-${tone}` : ''}`}>{count(n)}</span>
          <span className="soft">{name}</span>
        </Link>
      ))}
    </div>
  );
}

function First({ releases }: { releases: number }) {
  return (
    <Part>
      <Empty title="Three steps to the first update">
        <ol className={classes.first}>
          <li>
            <To to="/devices?add=one">Add a device</To>, or let drydock <To to="/devices?add=discover">discover</To> what answers in your network.
          </li>
          <li>{releases ? 'A release is here already.' : <To to="/releases?add=1">Add a release</To>} It is the software that devices are to run.</li>
          <li>
            <To to="/campaigns/new">Start a campaign</To>: it shows what would happen, and asks before anything does.
          </li>
        </ol>
      </Empty>
    </Part>
  );
}

/** The same colour for the same version of a family, whatever the model: the newest is 0. */
function ranks(groups: Group[]): Map<string, number> {
  const rank = new Map<string, number>();
  for (const driver of new Set(groups.map((g) => g.driver))) {
    const versions = [...new Set(groups.filter((g) => g.driver === driver).map((g) => g.version))];
    versions.sort((a, b) => b.localeCompare(a, 'en', { numeric: true }));
    versions.forEach((v, i) => rank.set(`${driver}\n${v}`, i));
  }
  return rank;
}

/** Devices by model, each with its versions as shares of one bar. */
function Versions({ groups }: { groups: Group[] }) {
  const models = new Map<string, Group[]>();
  for (const g of groups) models.set(`${g.driver}\n${g.model}`, [...(models.get(`${g.driver}\n${g.model}`) ?? []), g]);
  const rows = [...models.values()].map((of) => ({ of: of.sort((a, b) => b.devices - a.devices), n: of.reduce((sum, g) => sum + g.devices, 0) }));
  rows.sort((a, b) => b.n - a.n);
  const colour = ranks(groups);
  return (
    <ul className={classes.models}>
      {rows.slice(0, 14).map(({ of, n }) => (
        <li key={of[0].driver + of[0].model}>
          <div className={classes.model}>
            <To to={`/devices?${new URLSearchParams({ driver: of[0].driver, model: of[0].model })}`}>{of[0].model || 'model not read yet'}</To>
            <span className="soft clip">{of[0].driver}</span>
            <span className="tnum">{count(n)}</span>
          </div>
          <div className={classes.shares}>
            {of.map((g) => (
              <Link key={g.version} href={`/devices?${new URLSearchParams({ driver: g.driver, model: g.model, version: g.version })}`} className={classes.share} data-rank={Math.min(colour.get(`${g.driver}\n${g.version}`) ?? 4, 4)} style={{ flexGrow: g.devices }} title={`${g.version || 'unknown version'}: ${many(g.devices, 'device')}`}>
                <span className="clip">
                  {g.version || 'unknown'} <span className={classes.times}>× {count(g.devices)}</span>
                </span>
              </Link>
            ))}
          </div>
        </li>
      ))}
    </ul>
  );
}

function Waiting() {
  const questions = useQuestions();
  const groups = groupQuestions(questions.data ?? []);
  const announced = (useEnrolments().data ?? []).filter((e) => e.state === 'pending').length;
  if (groups.length === 0 && announced === 0) return <Empty title="Nothing waits for you">When a device fails or takes too long, drydock asks here. Silence is never yes.</Empty>;
  return (
    <ul className={classes.list}>
      {announced > 0 && (
        <li>
          <Mark state={{ tone: 'wait', shape: 'ask', word: 'equipment announced itself' }} />
          <To to="/enrolments" ml="auto">
            {count(announced)} to approve
          </To>
        </li>
      )}
      {groups.slice(0, 6).map((g) => (
        <li key={g.key}>
          <Mark state={{ tone: 'wait', shape: 'ask', word: plain(g.cause) }} />
          <span className="soft">at {g.step}</span>
          <To to={`/questions#${g.key}`} ml="auto">
            {many(g.questions.length, 'device')}
          </To>
        </li>
      ))}
    </ul>
  );
}

const NewCampaign = () => <May to="operate"><Button component={Link} href="/campaigns/new">New campaign</Button></May>;

function Campaigns() {
  const campaigns = useQuery({ queryKey: ['campaigns', true], queryFn: () => ask(api.GET('/api/v1/campaigns', { params: { query: { active: true } } })), refetchInterval: 5000 });
  if (campaigns.error) return <Failed error={campaigns.error} />;
  const all = campaigns.data ?? [];
  if (all.length === 0)
    return (
      <Empty title="No campaign is running" action={<NewCampaign />}>
        A campaign updates many devices in waves, and pauses by itself when too many fail.
      </Empty>
    );
  return (
    <ul className={classes.list}>
      {all.map((c) => (
        <li key={c.id} className={classes.campaign}>
          <To to={campaignPath(c.id)}>{c.spec.name}</To>
          <Mark state={campaignState(c.status)} />
          <Tally tally={c.tally} of={c.devices} />
        </li>
      ))}
    </ul>
  );
}

const failed: Column<Run>[] = [
  { key: 'device', head: 'Device', width: '22%', cell: (r) => <DeviceLink id={r.device} /> },
  { key: 'how', head: 'Ended', width: '100px', cell: (r) => <Mark state={runState(r)} /> },
  { key: 'why', head: 'Why', cell: (r) => <span title={r.state.result?.detail}>{r.state.result?.cause ? `${plain(r.state.result.cause)} at ${plain(r.state.result.step)}` : r.state.result?.detail}</span> },
  { key: 'left', head: 'Device left', width: '100px', cell: (r) => <span title={leftMeaning[r.state.result?.left ?? '']}>{plain(r.state.result?.left)}</span> },
  { key: 'when', head: 'When', width: '84px', cell: (r) => <When at={r.updatedAt} /> },
];

export default function Overview() {
  const counts = useCounts();
  const releases = useReleases();
  const lost = useRuns({ outcome: failures }, 8);
  if (counts.error) return <Failed error={counts.error} retry={() => void counts.refetch()} />;
  if (!counts.data) return <Loading />;
  const groups = counts.data.devices ?? [];
  const devices = groups.reduce((n, g) => n + g.devices, 0);
  return (
    <Page title="Overview" actions={<NewCampaign />}>
      <Numbers devices={devices} running={counts.data.running} asking={counts.data.asking} />
      {devices === 0 ? (
        <First releases={releases.data?.length ?? 0} />
      ) : (
        <div className={classes.columns}>
          <div className={classes.stack}>
            <Part title="Fleet by model and version">
              <Versions groups={groups} />
            </Part>
            <Part title="Last failures" actions={<To to="/runs?show=failed">all</To>} flush>
              <DataTable label="Last failures" columns={failed} rows={rowsOf(lost.data)} id={(r) => r.id} to={(r) => runPath(r.id)} empty={<Empty title="No run has failed" />} />
            </Part>
          </div>
          <div className={classes.stack}>
            <Part title="Waiting for you" flush>
              <Waiting />
            </Part>
            <Part title="Campaigns" flush>
              <Campaigns />
            </Part>
          </div>
        </div>
      )}
    </Page>
  );
}
