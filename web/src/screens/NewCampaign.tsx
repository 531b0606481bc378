import { Button } from '@mantine/core';
import { IconCheck } from '@tabler/icons-react';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useLocation, useSearch } from 'wouter';
import { api, ask } from '../api/client';
import { many } from '../lib/format';
import { useMay } from '../ui/May';
import { Failed, Loading, Page } from '../ui/Page';
import { campaignPath } from '../ui/To';
import { Consent } from './wizard/Consent';
import { PlanView } from './wizard/PlanView';
import { Targets } from './wizard/Targets';
import { Waves } from './wizard/Waves';
import { emptyDraft, specOf, type Draft, type Plan } from './wizard/draft';
import classes from './wizard/Wizard.module.css';

const stages = ['Targets', 'Plan', 'Waves and windows', 'Consent'];

// A larger plan is not sent back: the order alone starts the campaign.
const planMost = 5000;

function Stages({ at, reached, go }: { at: number; reached: number; go: (n: number) => void }) {
  return (
    <ol className={classes.stages} aria-label="Stages">
      {stages.map((name, i) => (
        <li key={name}>
          <button type="button" className={classes.stage} aria-current={i === at ? 'step' : undefined} data-done={i < at || undefined} disabled={i > reached} onClick={() => go(i)}>
            {i < at ? <IconCheck size={14} aria-hidden /> : <span className="tnum">{i + 1}</span>} {name}
          </button>
        </li>
      ))}
    </ol>
  );
}

function usePlan(draft: Draft, wanted: boolean, asked: boolean) {
  const spec = specOf(draft);
  return useQuery({
    queryKey: ['campaign-plan', spec, asked],
    queryFn: ({ signal }) => ask(api.POST('/api/v1/campaigns/plan', { body: { spec, ask: asked }, signal })),
    enabled: wanted,
    staleTime: 30_000,
    retry: false,
  });
}

/** Starts the plan that was looked at: it is refused if the world has changed meanwhile. */
function useStartCampaign() {
  const [, go] = useLocation();
  return useMutation({
    mutationFn: (plan: Plan) => ask(api.POST('/api/v1/campaigns', { body: (plan.devices ?? []).length <= planMost ? { plan } : { spec: plan.spec } })),
    onSuccess: (c) => go(campaignPath(c.id)),
  });
}

export default function NewCampaign() {
  const wanted = new URLSearchParams(useSearch());
  const [draft, setDraft] = useState<Draft>(() => ({ ...emptyDraft(), of: wanted.get('of') ?? '', releases: wanted.getAll('release'), name: wanted.get('name') ?? wanted.getAll('release').join(' '), text: wanted.get('text') ?? '', model: wanted.get('model') ?? '', version: wanted.get('version') ?? '', driver: wanted.get('driver') ?? '', label: wanted.get('label') ?? '' }));
  const [at, setAt] = useState(0);
  const [asked, setAsked] = useState(false);
  const [agreed, setAgreed] = useState(false);
  const set = (change: Partial<Draft>) => {
    setAgreed(false);
    setDraft((d) => ({ ...d, ...change }));
  };
  const plan = usePlan(draft, at === 1 || at === 3, asked);
  const start = useStartCampaign();
  const may = useMay()('operate');
  const ready = (!!draft.of || draft.releases.length > 0) && !!draft.name.trim();
  const next = <Button disabled={!ready} onClick={() => setAt(at + 1)}>{['Plan', 'Waves and windows', 'Consent'][at]}</Button>;
  const finish = !may ? <span className="soft">Your role does not start campaigns. Somebody who may operate starts it with the same choice.</span> : <Button disabled={!agreed || !plan.data} loading={start.isPending} onClick={() => plan.data && start.mutate(plan.data)}>{plan.data ? `Start: ${draft.of ? 'bring' : 'update'} ${many(plan.data.totals.ready, 'device')}${draft.of ? ' back' : ''}` : 'Start'}</Button>;
  return (
    <Page title="New campaign" actions={<Stages at={at} reached={ready ? 3 : 0} go={setAt} />}>
      {at === 0 && <Targets draft={draft} set={set} />}
      {at === 2 && <Waves draft={draft} set={set} />}
      {(at === 1 || at === 3) && (plan.error ? <Failed error={plan.error} retry={() => void plan.refetch()} /> : !plan.data || plan.isFetching ? <Loading /> : at === 1 ? <PlanView plan={plan.data} asked={asked} onAsk={setAsked} /> : <Consent draft={draft} plan={plan.data} agreed={agreed} onAgree={setAgreed} />)}
      <div className={classes.foot}>
        {at > 0 && <Button variant="default" onClick={() => setAt(at - 1)}>Back</Button>}
        {at < 3 ? next : finish}
      </div>
    </Page>
  );
}
