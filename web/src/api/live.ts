import { useQueryClient, type QueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import type { Entry, Run, Schema } from './client';
import { authorization } from './session';

type Change = Schema<'Change'>;

/** Reads an event stream (text/event-stream) until it ends; EventSource sends no bearer token. */
export async function stream<T>(url: string, signal: AbortSignal, open: () => void, each: (message: T) => void): Promise<void> {
  const response = await fetch(url, { signal, headers: { ...authorization(), Accept: 'text/event-stream' } });
  if (!response.ok || !response.body) throw new Error(`${url}: ${response.status}`);
  open();
  await events(response, each);
}

/** Gives each event of an answer that is a stream of them. */
export async function events<T>(response: Response, each: (message: T) => void): Promise<void> {
  if (!response.body) return;
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    const blocks = (rest + value).split('\n\n');
    rest = blocks.pop() ?? '';
    for (const block of blocks) {
      const data = block.split('\n').filter((l) => l.startsWith('data:')).map((l) => l.slice(5).trimStart()).join('\n');
      if (data) each(JSON.parse(data) as T);
    }
  }
}

/** Keeps a stream open, with growing pauses after it broke off. */
export function follow<T>(url: string, state: (live: boolean) => void, each: (message: T) => void): () => void {
  const stop = new AbortController();
  const run = async () => {
    for (let wait = 1000; !stop.signal.aborted; wait = Math.min(wait * 2, 30_000)) {
      try {
        await stream<T>(url, stop.signal, () => { wait = 500; state(true); }, each);
      } catch {
        // tried again below
      }
      if (stop.signal.aborted) return;
      state(false);
      await new Promise((later) => setTimeout(later, wait));
    }
  };
  void run();
  return () => stop.abort();
}

// Lists are asked for again at most once in this time, in milliseconds.
const pace = 1000;

const lists = [['runs'], ['questions'], ['overview'], ['devices'], ['device'], ['campaigns'], ['backups'], ['campaign-devices']];

function apply(queries: QueryClient, c: Change): void {
  queries.setQueryData<Run>(['run', c.run], (run) => (run && c.seq >= run.seq ? { ...run, seq: c.seq, state: c.state, updatedAt: c.event?.at ?? run.updatedAt } : run));
  queries.setQueryData<Entry[]>(['journal', c.run], (all) => (all && c.event?.kind && all.length === c.seq - 1 ? [...all, { seq: c.seq, event: c.event, step: c.state.step, op: c.state.op, phase: c.state.phase, attempt: (c.state.attempts as Record<string, number>)[c.state.step] }] : all));
}

/** Follows what happens to all runs and keeps what is on screen up to date. */
export function useLive(): boolean {
  const queries = useQueryClient();
  const [live, setLive] = useState(false);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const refresh = () => {
      timer ??= setTimeout(() => {
        timer = undefined;
        for (const queryKey of lists) void queries.invalidateQueries({ queryKey });
      }, pace);
    };
    const stop = follow<Change>('/api/v1/events?beat=true', (on) => {
      setLive(on);
      if (on) refresh();
    }, (change) => {
      if (!change.run && !change.gap) return; // a beat
      if (change.gap) void queries.invalidateQueries();
      else apply(queries, change);
      refresh();
    });
    return () => {
      stop();
      clearTimeout(timer);
    };
  }, [queries]);
  return live;
}
