import { Alert, Button } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { api, ask, Problem, type Schema } from '../../api/client';
import { causeMeaning, choiceMeaning, leftMeaning, plain } from '../../lib/words';
import { Mark, type State } from '../../ui/Mark';
import { May } from '../../ui/May';
import { Facts, Part } from '../../ui/Page';
import { When } from '../../ui/When';
import classes from '../Run.module.css';

type Self = Schema<'SelfRun'>;

/** The run that the device carries out by itself, if it has told of one. */
function useSelf(device: string, may: boolean) {
  return useQuery({
    queryKey: ['self', device],
    queryFn: () => ask(api.GET('/api/v1/devices/{id}/self', { params: { path: { id: device } } })).catch((e: unknown) => {
      if (e instanceof Problem && e.status === 404) return null;
      throw e;
    }),
    enabled: may,
    refetchInterval: 5000,
  });
}

function stateOf({ summary: s }: Self): State {
  if (s.error) return { tone: 'bad', shape: 'cross', word: 'failed' };
  if (s.result) return { tone: s.result.cause ? 'bad' : 'good', shape: s.result.cause ? 'cross' : 'check', word: plain(s.result.outcome) };
  if (s.question) return { tone: 'wait', shape: 'ask', word: `asks: ${plain(s.question.cause)}` };
  return { tone: 'busy', shape: 'run', word: s.step ?? 'under way' };
}

function Question({ device, self }: { device: string; self: Self }) {
  const queries = useQueryClient();
  const q = self.summary.question;
  const answer = useMutation({
    mutationFn: (choice: string) => ask(api.POST('/api/v1/devices/{id}/self/answer', { params: { path: { id: device } }, body: { question: q?.id ?? '', choice } })),
    onSuccess: (told) => queries.setQueryData(['self', device], told),
  });
  if (!q) return null;
  if (self.answer) return <Alert color="yellow" variant="light">{self.answer.by || 'Somebody'} answered {choiceMeaning[self.answer.choice]?.word ?? self.answer.choice}; the device follows it when it asks next.</Alert>;
  return (
    <Alert color="yellow" variant="light" title={`${device} asks: ${causeMeaning[q.cause] ?? q.cause}`} className={classes.ask}>
      <p className="wrap">{q.detail}</p>
      <div className={classes.answers}>
        <May to="operate">
          {(q.choices ?? []).map((c) => (
            <Button key={c} loading={answer.isPending} variant={c === 'repeat' ? 'filled' : 'default'} color={c === 'stop' ? 'red' : undefined} title={choiceMeaning[c]?.means} onClick={() => answer.mutate(c)}>
              {choiceMeaning[c]?.word ?? c}
            </Button>
          ))}
        </May>
        <span className="soft">asked <When at={q.askedAt} />; it stops safely <When at={q.deadline} /> if nobody answers</span>
      </div>
    </Alert>
  );
}

/** What the device does by itself, and the answer to what it asks. */
export function SelfRun({ device, driver }: { device: string; driver: string }) {
  const self = useSelf(device, driver === 'drydock-agent').data;
  if (!self) return null;
  const s = self.summary;
  return (
    <Part title="Its own run" actions={<span className="soft">told <When at={self.at} /></span>}>
      <div className={classes.stack}>
        <Question device={device} self={self} />
        <Facts of={[
          ['State', <Mark key="s" state={stateOf(self)} />],
          ['Wanted', s.target],
          ['Step', s.result?.step ?? s.step],
          ['Device left', s.result && <span key="l"><b>{plain(s.result.left)}</b>: {leftMeaning[s.result.left] ?? ''}</span>],
          ['Why', s.error || s.result?.detail],
          ['Run', <span key="r" className="mono">{s.run}</span>],
        ]} />
      </div>
    </Part>
  );
}
