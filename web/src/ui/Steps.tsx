import { IconAlertTriangle, IconCheck, IconCircle, IconHelpHexagon, IconLoader2, IconMinus, IconX } from '@tabler/icons-react';
import { span } from '../lib/format';
import type { StepStatus, StepView } from '../lib/steps';
import { stepMeaning } from '../lib/words';
import classes from './Steps.module.css';

const icons: Record<StepStatus, typeof IconCheck> = { todo: IconCircle, now: IconLoader2, asks: IconHelpHexagon, done: IconCheck, failed: IconX, skipped: IconMinus };
const words: Record<StepStatus, string> = { todo: 'to come', now: 'under way', asks: 'asks you', done: 'done', failed: 'failed', skipped: 'not needed' };

/** The procedure as its steps, with times and attempts. */
export function Steps({ steps, percent }: { steps: StepView[]; percent?: number }) {
  return (
    <ol className={classes.steps}>
      {steps.map((s) => {
        const Icon = s.step === 'restore-files' && s.status === 'done' ? IconAlertTriangle : icons[s.status];
        return (
          <li key={s.step} className={classes.step} data-status={s.status} title={stepMeaning[s.step]} aria-current={s.status === 'now' || s.status === 'asks' ? 'step' : undefined}>
            <span className={classes.dot}>
              <Icon size={15} stroke={2.4} aria-hidden className={s.status === 'now' ? 'pulse' : undefined} />
            </span>
            <span className={classes.name}>{s.step}</span>
            <span className={classes.more}>
              {s.status === 'now' && percent !== undefined ? `${percent} %` : s.status === 'done' || s.status === 'failed' ? span(s.spent) : words[s.status]}
              {s.attempts > 1 && <span className={classes.again}> · attempt {s.attempts}</span>}
            </span>
          </li>
        );
      })}
    </ol>
  );
}
