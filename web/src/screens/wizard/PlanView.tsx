import { Checkbox } from '@mantine/core';
import type { Schema } from '../../api/client';
import { count, many, milliseconds, octets, span } from '../../lib/format';
import { DataTable, type Column } from '../../ui/DataTable';
import { Mark, type State } from '../../ui/Mark';
import { Empty, Facts, Part } from '../../ui/Page';
import { DeviceLink, devicePath } from '../../ui/To';
import type { Plan } from './draft';
import classes from './Wizard.module.css';

type PlanDevice = Schema<'CampaignPlanDevice'>;

const modify: Record<string, { state: State; means: string }> = {
  no: { state: { tone: 'good', shape: 'check', word: 'none' }, means: 'the configuration stays as it is' },
  yes: { state: { tone: 'busy', shape: 'check', word: 'modified' }, means: 'the configuration is modified by rules' },
  manual: { state: { tone: 'wait', shape: 'ask', word: 'manual' }, means: 'a person will be asked about findings' },
  unknown: { state: { tone: 'idle', shape: 'none', word: 'unknown' }, means: 'there is no backup to rehearse on yet' },
};

const columns: Column<PlanDevice>[] = [
  { key: 'device', head: 'Device', cell: (d) => <DeviceLink id={d.device} /> },
  { key: 'model', head: 'Model', cell: (d) => d.model },
  { key: 'version', head: 'Version', cell: (d) => [d.from || '?', d.to].filter(Boolean).join(' → ') },
  { key: 'wave', head: 'Wave', width: '110px', cell: (d) => d.wave || <Mark state={{ tone: 'wait', shape: 'ban', word: 'blocked' }} /> },
  { key: 'path', head: 'Loads', cell: (d) => (d.path ?? []).join(' → ') },
  { key: 'modify', head: 'Configuration', width: '130px', cell: (d) => <Mark state={modify[d.modify]?.state ?? modify.unknown.state} /> },
  { key: 'say', head: 'Blockers and concerns', width: '32%', cell: (d) => { const say = [...(d.blockers ?? []), ...(d.concerns ?? [])].join('; '); return <span title={say}>{say}</span>; } },
];

function Groups({ plan }: { plan: Plan }) {
  const groups = plan.groups ?? [];
  if (groups.length === 0) return <Empty title="No device would be started" />;
  return (
    <ul className={classes.changes}>
      {groups.map((g, i) => (
        <li key={i}>
          <Mark state={modify[g.modify]?.state ?? modify.unknown.state} />
          <div>
            <div>{modify[g.modify]?.means}</div>
            <div className="soft mono wrap">{(g.rules ?? []).join('  ')}</div>
          </div>
          <div className={classes.right}>
            <b>{many(g.count, 'device')}</b>
            <div className="soft">{(g.samples ?? []).join(', ')}{g.count > (g.samples ?? []).length && ', …'}</div>
          </div>
        </li>
      ))}
    </ul>
  );
}

/** The plan's sum. */
export function Totals({ plan }: { plan: Plan }) {
  const t = plan.totals;
  return (
    <Facts of={[
      ['Devices', count(t.devices)],
      ['Ready', <Mark key="r" state={{ tone: 'good', shape: 'check', word: count(t.ready) }} />],
      ['Blocked', t.blocked ? <Mark key="b" state={{ tone: 'wait', shape: 'ban', word: count(t.blocked) }} /> : '0'],
      ['To transfer', octets(t.bytes)],
      ['Takes about', <span key="t" title="as runs of this release have taken so far; an hour for each round of devices where there is none yet">{span(milliseconds(t.takes))}</span>],
      ['Waves', (t.waves ?? []).map(count).join(' + ')],
    ]} />
  );
}

interface Props {
  plan: Plan;
  asked: boolean;
  onAsk: (ask: boolean) => void;
}

/** What would happen, device by device. */
export function PlanView({ plan, asked, onAsk }: Props) {
  const blockers = Object.entries(plan.totals.blockers ?? {}).sort(([, a], [, b]) => b - a);
  const rows = [...(plan.devices ?? [])].sort((a, b) => Number(b.wave === 0) - Number(a.wave === 0) || a.device.localeCompare(b.device));
  return (
    <>
      <Part title="What would happen" actions={<Checkbox label="Ask every device now" checked={asked} onChange={(e) => onAsk(e.currentTarget.checked)} />}>
        <Totals plan={plan} />
      </Part>
      {blockers.length > 0 && (
        <Part title={`${many(plan.totals.blocked, 'device')} cannot be started`} flush>
          <ul className={classes.changes}>
            {blockers.map(([why, n]) => (
              <li key={why}>
                <Mark state={{ tone: 'wait', shape: 'ban', word: 'blocked' }} />
                <div className="wrap">{why}</div>
                <b className={classes.right}>{many(n, 'device')}</b>
              </li>
            ))}
          </ul>
        </Part>
      )}
      <Part title="Changes to configurations" flush>
        <Groups plan={plan} />
      </Part>
      <Part title="Devices" flush>
        <DataTable label="Devices of the plan" columns={columns} rows={rows} id={(d) => d.device} to={(d) => devicePath(d.device)} height="440px" empty={<Empty title="No device fits" />} />
      </Part>
    </>
  );
}
