import { Tooltip } from '@mantine/core';
import { useState, useSyncExternalStore } from 'react';
import { ago, date, span } from '../lib/format';

// One clock for the whole page.
let now = new Date();
const watchers = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | undefined;

function watch(w: () => void): () => void {
  watchers.add(w);
  timer ??= setInterval(() => {
    now = new Date();
    watchers.forEach((each) => each());
  }, 1000);
  return () => {
    watchers.delete(w);
    if (watchers.size === 0) {
      clearInterval(timer);
      timer = undefined;
    }
  };
}

/** The time, every second. */
export const useNow = (): Date => useSyncExternalStore(watch, () => now);

const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;

// Making a formatter takes longer than a row of a table.
const formats = new Map<string, Intl.DateTimeFormat>();

function clock(at: Date, timeZone: string): string {
  let format = formats.get(timeZone);
  if (!format) formats.set(timeZone, (format = new Intl.DateTimeFormat('sv', { timeZone, dateStyle: 'short', timeStyle: 'medium' })));
  return format.format(at);
}

const text = (at: Date, timeZone: string): string => `${clock(at, timeZone)} ${timeZone}`;

/** The same moment in the viewer's zone, in UTC and, if known, the device's. */
export function zones(at: Date, device?: string): string {
  const all = [text(at, zone)];
  if (zone !== 'UTC') all.push(text(at, 'UTC'));
  if (device && device !== zone && device !== 'UTC') {
    try {
      all.push(`${text(at, device)} (device)`);
    } catch {
      all.push(`${device}: no zone that this browser knows`);
    }
  }
  return all.join('\n');
}

interface Props {
  at: string | undefined | null;
  /** The device's zone (IANA name), from its label tz. */
  device?: string;
  /** The clock's time in the place of how long ago. */
  exact?: boolean;
}

/** A moment: how long ago, or its time in the viewer's zone; the rest on hover. */
export function When({ at, device, exact }: Props) {
  const d = date(at);
  const current = useNow();
  const [near, setNear] = useState(false); // a tooltip for each row would be dear
  if (!d) return <span className="soft">never</span>;
  const shown = (
    <time dateTime={at ?? ''} className="nowrap tnum">
      {exact ? clock(d, zone) : ago(d, current)}
    </time>
  );
  return (
    <span onPointerEnter={() => setNear(true)} onPointerLeave={() => setNear(false)}>
      {near ? <Tooltip opened label={<span className="wrap">{zones(d, device)}</span>}>{shown}</Tooltip> : shown}
    </span>
  );
}

/** How long something has taken, or has been going on. */
export function Lasting({ from, to }: { from: string | undefined; to?: string | null }) {
  const a = date(from);
  const b = date(to);
  const current = useNow();
  return a ? <span className="nowrap tnum">{span((b ?? current).getTime() - a.getTime())}</span> : null;
}
