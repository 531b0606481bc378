import { IconAlertTriangle, IconBan, IconCheck, IconCircleDashed, IconClock, IconHelpHexagon, IconLoader2, IconPlayerPause, IconX } from '@tabler/icons-react';
import type { Run } from '../api/client';
import { plain } from '../lib/words';

export type Tone = 'good' | 'bad' | 'wait' | 'busy' | 'idle';
export type Shape = 'check' | 'cross' | 'ask' | 'run' | 'clock' | 'ban' | 'warn' | 'pause' | 'none';

const shapes = { check: IconCheck, cross: IconX, ask: IconHelpHexagon, run: IconLoader2, clock: IconClock, ban: IconBan, warn: IconAlertTriangle, pause: IconPlayerPause, none: IconCircleDashed };

/** A state: never by its colour alone, but with a shape and a word. */
export interface State {
  tone: Tone;
  shape: Shape;
  word: string;
}

export function Mark({ state, chip, size = 14 }: { state: State; chip?: boolean; size?: number }) {
  const Icon = shapes[state.shape];
  return (
    <span className={`mark tone-${state.tone}${chip ? ' chip' : ''}`}>
      <Icon size={size} stroke={2.2} aria-hidden className={state.shape === 'run' ? 'pulse' : undefined} />
      {state.word}
    </span>
  );
}

const ends: Record<string, [Tone, Shape]> = {
  updated: ['good', 'check'],
  reverted: ['good', 'check'],
  restored: ['good', 'check'],
  'backed-up': ['good', 'check'],
  unneeded: ['idle', 'check'],
  'rolled-back': ['wait', 'warn'],
  stopped: ['bad', 'cross'],
  expired: ['bad', 'clock'],
};

/** How a run stands. */
export function runState(run: Run): State {
  const s = run.state;
  if (s.result) {
    const [tone, shape] = ends[s.result.outcome] ?? ['idle', 'none'];
    return { tone, shape, word: plain(s.result.outcome) };
  }
  if (s.phase === 'asking') return { tone: 'wait', shape: 'ask', word: `asks: ${plain(s.question?.cause)}` };
  if (s.phase === 'holding') return { tone: 'idle', shape: 'clock', word: 'waits for its window' };
  return { tone: 'busy', shape: 'run', word: s.step };
}

const members: Record<string, [Tone, Shape]> = {
  waiting: ['idle', 'none'],
  starting: ['busy', 'run'],
  running: ['busy', 'run'],
  offline: ['wait', 'clock'],
  succeeded: ['good', 'check'],
  failed: ['bad', 'cross'],
  blocked: ['wait', 'ban'],
  cancelled: ['idle', 'ban'],
};

/** How a device of a campaign stands. */
export function memberState(word: string): State {
  const [tone, shape] = members[word] ?? ['idle', 'none'];
  return { tone, shape, word };
}

const campaigns: Record<string, [Tone, Shape]> = {
  approving: ['wait', 'ask'],
  active: ['busy', 'run'],
  soaking: ['busy', 'clock'],
  paused: ['wait', 'pause'],
  done: ['good', 'check'],
  stopped: ['idle', 'ban'],
};

/** How a campaign stands. */
export function campaignState(word: string): State {
  const [tone, shape] = campaigns[word] ?? ['idle', 'none'];
  return { tone, shape, word: word === 'approving' ? 'needs approval' : word };
}
