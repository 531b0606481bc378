import { Alert, Button, Modal } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconDownload } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';

import { api, ask, problemOf, type Backup as BackupType } from '../api/client';
import { authorization } from '../api/session';
import { useId } from '../lib/search';
import { save } from '../lib/csv';
import { linesOf } from '../lib/diff';
import { many, octets } from '../lib/format';
import { purposeMeaning } from '../lib/words';
import { May } from '../ui/May';
import { useStart } from '../ui/OrderRuns';
import { Facts, Loaded, Page, Part } from '../ui/Page';
import { DeviceLink, RunLink } from '../ui/To';
import { When } from '../ui/When';
import classes from './Backups.module.css';

/** Opens a backup: the configuration as the device sent it. It is audited. */
export async function openBackup(id: string): Promise<Blob> {
  const response = await fetch(`/api/v1/backups/${encodeURIComponent(id)}/content`, { headers: authorization(), credentials: 'same-origin' });
  if (!response.ok) throw await problemOf(response);
  return response.blob();
}

const most = 20_000; // lines that are drawn

function Content({ id }: { id: string }) {
  const content = useQuery({ queryKey: ['content', id], queryFn: async () => (await openBackup(id)).text(), staleTime: Infinity, gcTime: 60_000 });
  return (
    <Loaded query={content}>
      {(text) => {
        const lines = linesOf(text);
        return (
          <>
            <div className={classes.config} tabIndex={0} role="region" aria-label="Configuration">
              {lines.slice(0, most).map((line, i) => (
                <div key={i}>{line || ' '}</div>
              ))}
            </div>
            {lines.length > most && <p className="soft">{many(lines.length - most, 'line')} more: download the file</p>}
          </>
        );
      }}
    </Loaded>
  );
}

function Restore({ backup }: { backup: BackupType }) {
  const [open, { open: show, close }] = useDisclosure();
  const start = useStart([backup.device]);
  return (
    <>
      <Button variant="default" onClick={show}>Restore…</Button>
      <Modal opened={open} onClose={close} title={`Give ${backup.device} this configuration?`} removeScrollProps={{ enabled: false }}>
        <p>
          {backup.device} gets the configuration of <When at={backup.takenAt} exact /> in the place of the one that it has now. What it has now is backed up first. It is proven with a second backup.
        </p>
        <Button loading={start.isPending} onClick={() => start.mutate({ goal: 'restore', backup: backup.id }, { onSettled: close })}>Restore {backup.device}</Button>
      </Modal>
    </>
  );
}

function View({ backup: b }: { backup: BackupType }) {
  const [shown, setShown] = useState(false);
  const download = async () => save(`${b.device}-${b.id}.cfg`, await openBackup(b.id));
  return (
    <Page title={`Backup of ${b.device}`} beside={<span className="soft">{purposeMeaning[b.purpose] ?? b.purpose}</span>} actions={
      <>
        <May to="reveal"><Button variant="default" leftSection={<IconDownload size={15} />} onClick={() => void download()}>Download</Button></May>
        {b.purpose !== 'expected' && <May to="operate"><Restore backup={b} /></May>}
      </>
    }>
      <Part>
        <Facts of={[
          ['Device', <DeviceLink key="d" id={b.device} />],
          ['Taken', <When key="t" at={b.takenAt} exact />],
          ['Version', b.version],
          ['Format', b.format],
          ['Size', octets(b.size)],
          ['Came from', b.source],
          ['Run', b.run ? <RunLink key="r" id={b.run} /> : 'by hand'],
          ['Digest', <span key="g" className="mono">{b.digest}</span>],
        ]} />
      </Part>
      <Part title="Configuration" flush>
        {shown ? <Content id={b.id} /> : (
          <Alert variant="transparent" title="It rests sealed">
            <p>It can hold passwords and keys. Opening it is written to the audit log.</p>
            <May to="reveal" otherwise={<p>Your role does not open configurations.</p>}><Button onClick={() => setShown(true)}>Open it</Button></May>
          </Alert>
        )}
      </Part>
    </Page>
  );
}

export default function Backup() {
  const id = useId();
  const backup = useQuery({ queryKey: ['backup', id], queryFn: () => ask(api.GET('/api/v1/backups/{id}', { params: { path: { id } } })) });
  return <Loaded query={backup}>{(b) => <View backup={b} />}</Loaded>;
}
