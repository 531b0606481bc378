import type { Entry, Run } from '../api/client';
import { steps } from './words';

export type StepStatus = 'todo' | 'now' | 'asks' | 'done' | 'failed' | 'skipped';

/** One step of the method as it went on one device. */
export interface StepView {
  step: string;
  status: StepStatus;
  attempts: number;
  from?: string;
  to?: string;
  /** Milliseconds spent in it, over all attempts. */
  spent: number;
  detail?: string;
}

/** When each step was entered and left, by the journal. */
export function timesOf(entries: Entry[]): Map<string, { from: string; to: string; spent: number }> {
  const times = new Map<string, { from: string; to: string; spent: number }>();
  let step = '';
  let since = '';
  for (const e of entries) {
    if (!e.step || e.step === step) continue;
    close(times, step, since, e.event.at);
    step = e.step;
    since = e.event.at;
  }
  const last = entries.at(-1);
  if (last) close(times, step, since, last.event.at);
  return times;
}

function close(times: Map<string, { from: string; to: string; spent: number }>, step: string, from: string, to: string): void {
  if (!step) return;
  const before = times.get(step);
  const spent = new Date(to).getTime() - new Date(from).getTime();
  times.set(step, { from: before?.from ?? from, to, spent: (before?.spent ?? 0) + spent });
}

/** The method's steps with what became of each. */
export function stepsOf(run: Run, entries: Entry[]): StepView[] {
  const s = run.state;
  const times = timesOf(entries);
  const attempts = s.attempts as Record<string, number>;
  const shown: string[] = [...steps];
  if (attempts['restore-files']) shown.push('restore-files');
  const ended = s.result;
  return shown.map((step) => {
    const n = attempts[step] ?? 0;
    const base = { step, attempts: n, ...(times.get(step) ?? { spent: 0 }) };
    if (ended && ended.step === step && ended.cause) return { ...base, status: 'failed' as const, detail: ended.detail };
    if (!ended && s.step === step) return { ...base, status: s.phase === 'asking' ? ('asks' as const) : ('now' as const), detail: s.question?.detail };
    if (n > 0) return { ...base, status: 'done' as const };
    const later = ended || steps.indexOf(step as never) < steps.indexOf(s.step as never);
    return { ...base, status: later ? ('skipped' as const) : ('todo' as const) };
  });
}
