import { CloseButton } from '@mantine/core';
import { useEffect, useSyncExternalStore } from 'react';
import { Problem } from '../api/client';
import classes from './Notices.module.css';

interface Notice {
  id: number;
  text: string;
  hint?: string;
  bad: boolean;
}

let notices: Notice[] = [];
let next = 1;
const watchers = new Set<() => void>();

function change(to: Notice[]): void {
  notices = to;
  watchers.forEach((w) => w());
}

/** Says something at the edge of the screen: an error, or a text. */
export function notice(what: unknown): void {
  const bad = what instanceof Error;
  const n: Notice = { id: next++, bad, text: bad ? what.message : String(what), hint: what instanceof Problem ? what.hint : undefined };
  change([...notices.slice(-3), n]);
}

function watch(w: () => void): () => void {
  watchers.add(w);
  return () => watchers.delete(w);
}

function One({ notice: n }: { notice: Notice }) {
  const close = () => change(notices.filter((other) => other.id !== n.id));
  useEffect(() => {
    const timer = setTimeout(close, n.bad ? 15_000 : 5_000);
    return () => clearTimeout(timer);
  });
  return (
    <div className={classes.one} data-bad={n.bad || undefined}>
      <div>
        <div>{n.text}</div>
        {n.hint && <div className="soft">{n.hint}</div>}
      </div>
      <CloseButton size="sm" aria-label="Close message" onClick={close} />
    </div>
  );
}

export function Notices() {
  const all = useSyncExternalStore(watch, () => notices);
  return (
    <div className={classes.all} role="status" aria-live="polite">
      {all.map((n) => (
        <One key={n.id} notice={n} />
      ))}
    </div>
  );
}
