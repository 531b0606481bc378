import { Button, PasswordInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState, type FormEvent } from 'react';
import { api, ask } from '../../api/client';
import { Failed, Part } from '../../ui/Page';
import classes from '../Run.module.css';

/** Changes one's own password; all sessions end. */
export function Password({ name }: { name: string }) {
  const queries = useQueryClient();
  const [old, setOld] = useState('');
  const [fresh, setFresh] = useState('');
  const change = useMutation({
    meta: { quiet: true },
    mutationFn: () => ask(api.PUT('/api/v1/users/{name}/password', { params: { path: { name } }, body: { old, new: fresh } })),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['me'] }),
  });
  const submit = (e: FormEvent) => {
    e.preventDefault();
    change.mutate();
  };
  return (
    <Part title="Password" actions={<span className="soft">you log in again afterwards, everywhere</span>}>
      <form onSubmit={submit} className={classes.row}>
        <PasswordInput size="xs" label="Password until now" required value={old} onChange={(e) => setOld(e.currentTarget.value)} autoComplete="current-password" w={220} />
        <PasswordInput size="xs" label="New password, 12 characters or more" required value={fresh} onChange={(e) => setFresh(e.currentTarget.value)} autoComplete="new-password" w={260} />
        <Button type="submit" variant="default" loading={change.isPending} style={{ alignSelf: 'end' }}>Change</Button>
      </form>
      {change.error && <Failed error={change.error} />}
    </Part>
  );
}
