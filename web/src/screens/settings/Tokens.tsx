import { Alert, Button, CopyButton, NumberInput, TextInput } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState, type FormEvent } from 'react';
import { api, ask, type Schema } from '../../api/client';
import { DataTable, type Column } from '../../ui/DataTable';
import { Empty, Failed, Part } from '../../ui/Page';
import { When } from '../../ui/When';
import classes from '../Run.module.css';

type Token = Schema<'AccessToken'>;

function Add() {
  const queries = useQueryClient();
  const [name, setName] = useState('');
  const [days, setDays] = useState(90);
  const add = useMutation({
    meta: { quiet: true },
    mutationFn: () => ask(api.POST('/api/v1/tokens', { body: { name: name.trim(), days } })),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['tokens'] }),
  });
  const submit = (e: FormEvent) => {
    e.preventDefault();
    add.mutate();
  };
  return (
    <Part title="New token">
      <form onSubmit={submit} className={classes.row}>
        <TextInput label="What it is for" required value={name} onChange={(e) => setName(e.currentTarget.value)} w={260} />
        <NumberInput label="Days" min={1} max={366} value={days} onChange={(v) => setDays(Number(v) || 90)} w={100} />
        <Button type="submit" loading={add.isPending} style={{ alignSelf: 'end' }}>Make a token</Button>
      </form>
      {add.error && <Failed error={add.error} />}
      {add.data && (
        <Alert mt="sm" color="yellow" variant="light" title="Copy it now: it is shown this once">
          <p className="mono wrap">{add.data.text}</p>
          <CopyButton value={add.data.text}>{({ copied, copy }) => <Button variant="default" onClick={copy}>{copied ? 'Copied' : 'Copy'}</Button>}</CopyButton>
        </Alert>
      )}
    </Part>
  );
}

/** API tokens, for scripts. */
export default function Tokens() {
  const queries = useQueryClient();
  const tokens = useQuery({ queryKey: ['tokens'], queryFn: () => ask(api.GET('/api/v1/tokens')) });
  const revoke = useMutation({
    mutationFn: (id: string) => ask(api.DELETE('/api/v1/tokens/{id}', { params: { path: { id } } })),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['tokens'] }),
  });
  const columns: Column<Token>[] = [
    { key: 'name', head: 'For', cell: (t) => t.name },
    { key: 'owner', head: 'Acts for', cell: (t) => t.owner },
    { key: 'may', head: 'May', cell: (t) => (t.grants ?? []).map((g) => `${g.role}${g.scope ? `:${g.scope}` : ''}`).join(', ') || 'all that its owner may' },
    { key: 'used', head: 'Used', width: '120px', cell: (t) => <When at={t.usedAt} /> },
    { key: 'ends', head: 'Expires', width: '120px', cell: (t) => <When at={t.expiresAt} /> },
    { key: 'revoke', head: '', width: '100px', cell: (t) => <Button size="compact-xs" variant="default" onClick={() => revoke.mutate(t.id)}>Revoke</Button> },
  ];
  return (
    <div className={classes.stack}>
      <Add />
      <div className="sheet">
        {tokens.error && <Failed error={tokens.error} />}
        <DataTable label="Tokens" columns={columns} rows={tokens.data ?? []} id={(t) => t.id} busy={tokens.isPending} empty={<Empty title="No tokens">Scripts show with a token who they act for.</Empty>} />
      </div>
    </div>
  );
}
