import { Button, Checkbox, Kbd, Modal } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import { useId, useQueryState } from '../lib/search';
import { api, ask, type Question } from '../api/client';
import { useQuestions } from '../api/hooks';
import { many } from '../lib/format';
import { groupQuestions, type QuestionGroup } from '../lib/groups';
import { causeMeaning, choiceMeaning, plain, stepMeaning } from '../lib/words';
import { Mark } from '../ui/Mark';
import { useMay } from '../ui/May';
import { notice } from '../ui/Notices';
import { Empty, Loaded, Page, Part } from '../ui/Page';
import { DeviceLink, RunLink, To } from '../ui/To';
import { Lasting, When } from '../ui/When';
import classes from './Questions.module.css';

interface Order {
  choice: string;
  questions: Question[];
}

/** Answers questions and says what became of it. */
export function useAnswer() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: ({ choice, questions }: Order) => ask(api.POST('/api/v1/answers', { body: { choice: choice as 'repeat', questions: questions.map((q) => q.id) } })),
    onSuccess: (done, { choice }) => {
      const refused = done.refused ?? [];
      notice(`${choice}: ${many(done.answered?.length ?? 0, 'question')} answered`);
      if (refused.length) notice(new Error(refused.slice(0, 3).join('; ') + (refused.length > 3 ? ` and ${refused.length - 3} more` : '')));
      void queries.invalidateQueries({ queryKey: ['questions'] });
    },
  });
}

/** Names what will happen, and waits for a yes. */
export function Consent({ order, onDone }: { order: Order | null; onDone: () => void }) {
  const answer = useAnswer();
  const what = order ? choiceMeaning[order.choice] : undefined;
  const names = order?.questions.slice(0, 5).map((q) => q.device).join(', ');
  const more = (order?.questions.length ?? 0) - 5;
  return (
    <Modal opened={!!order} onClose={onDone} title={`${what?.word ?? ''} on ${many(order?.questions.length ?? 0, 'device')}?`} removeScrollProps={{ enabled: false }}>
      <p>
        {what?.word}: {what?.means}.
      </p>
      <p className="soft wrap">
        {names}
        {more > 0 && ` and ${more} more`}
      </p>
      <div className={classes.consent}>
        <Button variant="default" onClick={onDone}>
          Cancel
        </Button>
        <Button data-autofocus color={order?.choice === 'stop' ? 'red' : undefined} loading={answer.isPending} onClick={() => order && answer.mutate(order, { onSettled: onDone })}>
          {what?.word}
        </Button>
      </div>
    </Modal>
  );
}

interface OneProps {
  question: Question;
  chosen: boolean;
  onChoose: (chosen: boolean) => void;
}

function One({ question: q, chosen, onChoose }: OneProps) {
  return (
    <li className={classes.one}>
      <Checkbox checked={chosen} onChange={(e) => onChoose(e.currentTarget.checked)} aria-label={`Choose ${q.device}`} />
      <div className={classes.what}>
        <div className={classes.who}>
          <DeviceLink id={q.device} />
          {q.attempt > 1 && <span className="soft">attempt {q.attempt}</span>}
          <span className="soft">
            asked <When at={q.askedAt} />, stops <When at={q.deadline} />
          </span>
          <RunLink id={q.run} />
        </div>
        <div className="wrap">{q.detail}</div>
        {q.cause === 'manual-findings' && <To to={`/runs/${q.run}?tab=report`}>See the migration's findings</To>}
      </div>
    </li>
  );
}

interface GroupProps {
  group: QuestionGroup;
  left: Set<string>;
  onLeave: (id: string, leave: boolean) => void;
  onAnswer: (order: Order) => void;
  first: boolean;
}

const shown = 50;

function Group({ group, left, onLeave, onAnswer, first }: GroupProps) {
  const [all, setAll] = useState(false);
  const may = useMay();
  const chosen = group.questions.filter((q) => !left.has(q.id));
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (location.hash === `#${group.key}`) box.current?.scrollIntoView();
  }, [group.key]);
  const every = chosen.length === group.questions.length;
  return (
    <div ref={box} id={group.key} data-group className={classes.group}>
      <Part flush>
        <div className={classes.head}>
          <Checkbox checked={every} indeterminate={!every && chosen.length > 0} onChange={() => group.questions.forEach((q) => onLeave(q.id, every))} aria-label={`Choose all of ${plain(group.cause)}`} />
          <div className={classes.title}>
            <h2>
              <Mark state={{ tone: 'wait', shape: 'ask', word: plain(group.cause) }} /> <span className="soft">at {plain(group.step)}</span> · {many(group.questions.length, 'device')}
            </h2>
            <div className="soft">
              {causeMeaning[group.cause]}. {group.step}: {stepMeaning[group.step]}.
            </div>
          </div>
          <div className={classes.answers} role="group" aria-label={`Answers to ${plain(group.cause)}`}>
            {may('operate') && group.choices.map((choice) => {
              const able = chosen.filter((q) => q.choices?.includes(choice));
              const { word, means } = choiceMeaning[choice] ?? { word: choice, means: '' };
              return (
                <Button key={choice} title={means} variant={choice === 'repeat' ? 'filled' : 'default'} color={choice === 'stop' ? 'red' : undefined} disabled={able.length === 0} data-choice={choice} data-first={first || undefined} onClick={() => onAnswer({ choice, questions: able })}>
                  {word} {able.length > 1 && able.length}
                </Button>
              );
            })}
          </div>
        </div>
        <ul className={classes.list}>
          {group.questions.slice(0, all ? undefined : shown).map((q) => (
            <One key={q.id} question={q} chosen={!left.has(q.id)} onChoose={(yes) => onLeave(q.id, !yes)} />
          ))}
        </ul>
        {!all && group.questions.length > shown && (
          <Button variant="subtle" m="xs" onClick={() => setAll(true)}>
            Show {group.questions.length - shown} more
          </Button>
        )}
      </Part>
    </div>
  );
}

/** j and k go from group to group; r, p, f and s answer the one with the focus. */
function useKeys() {
  useEffect(() => {
    const keys: Record<string, string> = { r: 'repeat', p: 'proceed', f: 'restore-files', s: 'stop' };
    const press = (e: KeyboardEvent) => {
      const target = e.target as HTMLElement;
      if (e.ctrlKey || e.metaKey || e.altKey || target.closest('input:not([type=checkbox]), textarea, [role=dialog]')) return;
      const groups = [...document.querySelectorAll<HTMLElement>('[data-group]')];
      const at = groups.findIndex((g) => g.contains(document.activeElement));
      if (e.key === 'j' || e.key === 'k') {
        const to = groups[Math.min(groups.length - 1, Math.max(0, at + (e.key === 'j' ? 1 : -1)))];
        to?.querySelector<HTMLElement>('button[data-choice]:not(:disabled)')?.focus();
        to?.scrollIntoView({ block: 'nearest' });
      } else if (keys[e.key]) {
        groups[Math.max(0, at)]?.querySelector<HTMLElement>(`button[data-choice="${keys[e.key]}"]`)?.click();
      }
    };
    document.addEventListener('keydown', press);
    return () => document.removeEventListener('keydown', press);
  }, []);
}

function Answered({ id }: { id: string }) {
  const question = useQuery({ queryKey: ['question', id], queryFn: () => ask(api.GET('/api/v1/questions/{id}', { params: { path: { id } } })) });
  return (
    <Part title="The question of this address">
      <Loaded query={question}>
        {(q) => (
          <p className="wrap">
            <DeviceLink id={q.device} /> asked at {q.step}: {q.detail} {q.open ? 'It waits for an answer.' : q.choice ? `${q.answeredBy || 'Somebody'} answered ${q.choice}.` : 'It was withdrawn.'} <To to={`/runs/${q.run}`}>See its run</To>
          </p>
        )}
      </Loaded>
    </Part>
  );
}

/** An answer that the address brings (from a notification's link) is asked for at once. */
function useWanted(only: Question[], order: (o: Order) => void) {
  const [params, set] = useQueryState();
  const wanted = params.get('answer');
  const able = only.some((q) => wanted && q.choices?.includes(wanted));
  useEffect(() => {
    if (!wanted || !able) return;
    order({ choice: wanted, questions: only });
    set({ answer: undefined });
  }, [wanted, able]);
}

export default function Questions() {
  const id = useId();
  const questions = useQuestions();
  const [left, setLeft] = useState(new Set<string>());
  const [order, setOrder] = useState<Order | null>(null);
  useKeys();
  const leave = (qid: string, out: boolean) => setLeft((before) => {
    const after = new Set(before);
    if (out) after.add(qid);
    else after.delete(qid);
    return after;
  });
  const open = questions.data ?? [];
  const only = id ? open.filter((q) => q.id === id) : [];
  useWanted(only, setOrder);
  return (
    <Page title="Questions" beside={open.length > 0 && <span className="soft">{many(open.length, 'device')} waiting, the longest for <Lasting from={open[0].askedAt} /></span>} actions={<span className={`soft ${classes.keys}`}><Kbd>j</Kbd> <Kbd>k</Kbd> move · <Kbd>r</Kbd> repeat · <Kbd>f</Kbd> restore · <Kbd>s</Kbd> stop</span>}>
      {id && only.length === 0 && questions.data && <Answered id={id} />}
      <Loaded query={questions}>
        {() =>
          open.length === 0 ? (
            <Part>
              <Empty title="Nothing waits for you">When a device fails or takes too long, drydock asks here whether to repeat. Silence is never yes: a question that nobody answers stops the run safely.</Empty>
            </Part>
          ) : (
            groupQuestions(only.length ? only : open).map((g, i) => <Group key={g.key} group={g} left={left} onLeave={leave} onAnswer={setOrder} first={i === 0} />)
          )
        }
      </Loaded>
      {only.length > 0 && <To to="/questions">All open questions</To>}
      <Consent order={order} onDone={() => setOrder(null)} />
    </Page>
  );
}
