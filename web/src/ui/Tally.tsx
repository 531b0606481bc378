import type { Schema } from '../api/client';
import { count } from '../lib/format';
import { Mark, memberState } from './Mark';
import classes from './Tally.module.css';

export const order = ['succeeded', 'running', 'starting', 'offline', 'failed', 'cancelled', 'blocked', 'waiting'];

/** How far a campaign's devices are: a bar, and its numbers in words. */
export function Tally({ tally, of, words = true }: { tally: Schema<'CampaignTally'>; of: number; words?: boolean }) {
  const states = order.map((state) => ({ state, n: tally.states?.[state] ?? 0 })).filter(({ n }) => n > 0);
  const text = states.map(({ state, n }) => `${n} ${state}`).join(', ') || 'no devices';
  return (
    <div className={classes.tally}>
      <div className={classes.bar} role="img" aria-label={`${of} devices: ${text}`}>
        {states.map(({ state, n }) => (
          <div key={state} className={classes.piece} data-state={state} style={{ flexGrow: n }} title={`${count(n)} ${state}`} />
        ))}
      </div>
      {words && (
        <div className={classes.words}>
          {states.map(({ state, n }) => (
            <span key={state} className={classes.word}>
              <Mark state={memberState(state)} /> <span className="tnum">{count(n)}</span>
            </span>
          ))}
        </div>
      )}
    </div>
  );
}
