import { Alert, Checkbox } from '@mantine/core';
import { count, many, milliseconds, octets, span } from '../../lib/format';
import { Part } from '../../ui/Page';
import type { Draft, Plan } from './draft';
import { Totals } from './PlanView';
import classes from './Wizard.module.css';

interface Props {
  draft: Draft;
  plan: Plan;
  agreed: boolean;
  onAgree: (yes: boolean) => void;
}

function waveWords(plan: Plan): string {
  const sizes = plan.totals.waves ?? [];
  if (sizes.length === 1) return `all ${count(sizes[0])} at once, within the bound of devices at once`;
  return sizes.map((n, i) => `${i === 0 ? 'first' : 'then'} ${count(n)}`).join(', ');
}

/** Says what will happen, and wants a yes. */
export function Consent({ draft, plan, agreed, onAgree }: Props) {
  const t = plan.totals;
  const manual = (plan.groups ?? []).filter((g) => g.modify === 'manual').reduce((n, g) => n + g.count, 0);
  const modified = (plan.groups ?? []).filter((g) => g.modify === 'yes').reduce((n, g) => n + g.count, 0);
  return (
    <>
      <Part title="What will happen">
        <ul className={classes.consent}>
          {draft.of ? (
            <li><b>{many(t.ready, 'device')}</b> will be backed up, given what they ran before with the configuration that belonged to it, and restarted: {waveWords(plan)}. What was changed in their configuration since is not in it.</li>
          ) : (
            <li><b>{many(t.ready, 'device')}</b> will be backed up, given {draft.releases.length > 1 ? 'the release of their family,' : 'release'} <b>{draft.releases.join(', ')}</b>, and restarted: {waveWords(plan)}.</li>
          )}
          <li>{draft.windowed ? `Loading begins only from ${draft.from} to ${draft.to} on ${draft.days.join(', ')}, on each device's clock.` : 'Loading begins at once. Services of a device are down while it restarts.'}</li>
          <li>{octets(t.bytes)} will be transferred; it takes about {span(milliseconds(t.takes))}{draft.windowed ? ', windows not counted' : ''}.</li>
          {modified > 0 && <li>The configuration of {many(modified, 'device')} will be modified by the release's migration, and proven with a second backup.</li>}
          {manual > 0 && <li>{many(manual, 'device')} will ask you about findings of the migration.</li>}
          {t.blocked > 0 && <li>{many(t.blocked, 'device')} will not be touched: the plan says why.</li>}
          <li>When a device fails it asks; after {many(draft.failures, 'failure')} (and {draft.percent} % of what has ended) the whole campaign pauses. You can pause it at any time.</li>
          {draft.approval && <li>Nothing starts before somebody else approves it.</li>}
        </ul>
      </Part>
      <Part title="In numbers"><Totals plan={plan} /></Part>
      {t.ready === 0 ? <Alert color="yellow" variant="light">No device can be started.</Alert> : <Checkbox size="sm" label={`Yes: ${draft.of ? 'bring' : 'update'} ${many(t.ready, 'device')} ${draft.of ? 'back' : `to ${draft.releases.join(', ')}`}`} checked={agreed} onChange={(e) => onAgree(e.currentTarget.checked)} />}
    </>
  );
}
