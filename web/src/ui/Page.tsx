import { Alert, Button, Center, Loader, Title } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';
import { useEffect, type ReactNode } from 'react';
import { Problem } from '../api/client';
import classes from './Page.module.css';

interface Props {
  title: string;
  /** What stands beside the title: a state, an id. */
  beside?: ReactNode;
  actions?: ReactNode;
  children: ReactNode;
}

/** A screen: title, actions, content. */
export function Page({ title, beside, actions, children }: Props) {
  useEffect(() => {
    document.title = `${title} · drydock`;
  }, [title]);
  return (
    <div className={classes.page}>
      <header className={classes.head}>
        <Title order={1} className="clip">
          {title}
        </Title>
        {beside}
        <div className={classes.actions}>{actions}</div>
      </header>
      {children}
    </div>
  );
}

/** A part of a screen, with a heading. */
export function Part({ title, actions, children, flush }: { title?: ReactNode; actions?: ReactNode; children: ReactNode; flush?: boolean }) {
  return (
    <section className="sheet">
      {title && (
        <div className={classes.partHead}>
          <Title order={2}>{title}</Title>
          <div className={classes.actions}>{actions}</div>
        </div>
      )}
      <div className={flush ? undefined : classes.partBody}>{children}</div>
    </section>
  );
}

/** What a screen with nothing on it says: what to do first. */
export function Empty({ title, children, action }: { title: string; children?: ReactNode; action?: ReactNode }) {
  return (
    <div className={classes.empty} data-prose>
      <Title order={3}>{title}</Title>
      {children && <div className="soft">{children}</div>}
      {action}
    </div>
  );
}

/** What went wrong, and what to do. */
export function Failed({ error, retry }: { error: unknown; retry?: () => void }) {
  const p = error instanceof Problem ? error : null;
  return (
    <Alert color="red" variant="light" icon={<IconAlertTriangle />} title={p?.status === 404 ? 'Not found' : 'That did not work'} className={classes.failed}>
      <div>{error instanceof Error ? error.message : String(error)}</div>
      {p?.hint && <div className="soft">{p.hint}</div>}
      {retry && (
        <Button variant="default" mt="xs" onClick={retry}>
          Try again
        </Button>
      )}
    </Alert>
  );
}

export function Loading() {
  return (
    <Center mih={160}>
      <Loader size="sm" role="status" aria-label="Loading" />
    </Center>
  );
}

interface Asked<T> {
  data: T | undefined;
  error: unknown;
  refetch: () => unknown;
}

/** Shows what was asked for once it is there. */
export function Loaded<T>({ query, children }: { query: Asked<T>; children: (data: T) => ReactNode }) {
  if (query.data !== undefined) return <>{children(query.data)}</>;
  if (query.error) return <Failed error={query.error} retry={() => void query.refetch()} />;
  return <Loading />;
}

/** Facts: names and what they are. */
export function Facts({ of: facts }: { of: [string, ReactNode][] }) {
  return (
    <dl className={classes.facts}>
      {facts
        .filter(([, value]) => value !== undefined && value !== null && value !== '')
        .map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
    </dl>
  );
}
