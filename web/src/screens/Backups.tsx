import { Button, Checkbox, TextInput } from '@mantine/core';
import { IconSearch } from '@tabler/icons-react';
import { useInfiniteQuery } from '@tanstack/react-query';
import { useState, type FormEvent } from 'react';
import { api, ask, type Schema } from '../api/client';
import { useBackups } from '../api/hooks';
import { count, many } from '../lib/format';
import { useQueryState } from '../lib/search';
import { BackupTable } from '../ui/BackupTable';
import { May } from '../ui/May';
import { Empty, Failed, Loading, Page, Part } from '../ui/Page';
import { DeviceLink, To, backupPath } from '../ui/To';
import { When } from '../ui/When';
import classes from './Backups.module.css';

type Hit = Schema<'Hit'>;

/** A line with what was looked for made visible. */
function Found({ line, text }: { line: string; text: string }) {
  const at = line.toLowerCase().indexOf(text.toLowerCase());
  if (at < 0) return <>{line}</>;
  return (
    <>
      {line.slice(0, at)}
      <mark>{line.slice(at, at + text.length)}</mark>
      {line.slice(at + text.length)}
    </>
  );
}

function Results({ text, newest }: { text: string; newest: boolean }) {
  const search = useInfiniteQuery({
    queryKey: ['search', text, newest],
    queryFn: ({ pageParam, signal }) => ask(api.GET('/api/v1/search', { params: { query: { text, newest, after: pageParam } }, signal })),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last) => last.next || undefined,
    staleTime: 60_000,
  });
  if (search.error) return <Failed error={search.error} />;
  if (!search.data) return <Loading />;
  const hits = search.data.pages.flatMap((p) => p.hits ?? []);
  const scanned = search.data.pages.reduce((n, p) => n + p.scanned, 0);
  const groups = new Map<string, Hit[]>();
  for (const h of hits) groups.set(h.backup.id, [...(groups.get(h.backup.id) ?? []), h]);
  return (
    <Part title={`${many(groups.size, 'backup')} with “${text}”`} actions={<span className="soft">{count(scanned)} opened</span>} flush>
      {hits.length === 0 && <Empty title="Nothing found" />}
      <ul className={classes.hits}>
        {[...groups.values()].map((lines) => (
          <li key={lines[0].backup.id}>
            <div className={classes.where}>
              <DeviceLink id={lines[0].backup.device} />
              <To to={backupPath(lines[0].backup.id)} className="mono">{lines[0].backup.id}</To>
              <When at={lines[0].backup.takenAt} />
            </div>
            {lines.map((h) => (
              <div key={h.line} className={`mono wrap ${classes.line}`}>
                <span className="soft">{h.line}</span> <Found line={h.text} text={text} />
              </div>
            ))}
          </li>
        ))}
      </ul>
      {search.hasNextPage && <Button m="sm" variant="default" loading={search.isFetchingNextPage} onClick={() => void search.fetchNextPage()}>Look further</Button>}
    </Part>
  );
}

export default function Backups() {
  const [params, set] = useQueryState();
  const text = params.get('text') ?? '';
  const newest = params.get('all') !== '1';
  const [typed, setTyped] = useState(text);
  const backups = useBackups({});
  const look = (e: FormEvent) => {
    e.preventDefault();
    set({ text: typed.trim().length > 1 ? typed.trim() : undefined });
  };
  return (
    <Page title="Backups">
      <May to="reveal"><form onSubmit={look} className={classes.search} role="search">
        <TextInput aria-label="Search in configurations" placeholder="Search in configurations" leftSection={<IconSearch size={15} />} value={typed} onChange={(e) => setTyped(e.currentTarget.value)} w={340} />
        <Button type="submit" variant="default">Search</Button>
        <Checkbox label="Only each device's newest" checked={newest} onChange={(e) => set({ all: e.currentTarget.checked ? undefined : '1' })} />
        {text && <Button variant="subtle" onClick={() => { setTyped(''); set({ text: undefined }); }}>Back to the history</Button>}
      </form></May>
      {text ? <Results text={text} newest={newest} /> : <BackupTable backups={backups} height="calc(100dvh - 150px)" />}
    </Page>
  );
}
