import { Button, Modal, PasswordInput, Select, TextInput } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState, type FormEvent } from 'react';
import { api, ask, type Schema } from '../../api/client';
import { DataTable, type Column } from '../../ui/DataTable';
import { Mark } from '../../ui/Mark';
import { Empty, Failed, Part } from '../../ui/Page';
import { When } from '../../ui/When';
import classes from '../Run.module.css';

type User = Schema<'AccessUser'>;
const roles = ['viewer', 'operator', 'approver', 'administrator'] as const;

function Add() {
  const queries = useQueryClient();
  const [name, setName] = useState('');
  const [password, setPassword] = useState('');
  const [role, setRole] = useState<string>('viewer');
  const [scope, setScope] = useState('');
  const add = useMutation({
    meta: { quiet: true },
    mutationFn: () => ask(api.POST('/api/v1/users', { body: { name: name.trim(), password: password || undefined, grants: [{ role, scope: scope.trim() || undefined }] } })),
    onSuccess: () => {
      setName('');
      setPassword('');
      void queries.invalidateQueries({ queryKey: ['users'] });
    },
  });
  const submit = (e: FormEvent) => {
    e.preventDefault();
    add.mutate();
  };
  return (
    <Part title="New user">
      <form onSubmit={submit} className={classes.row}>
        <TextInput label="Name" required value={name} onChange={(e) => setName(e.currentTarget.value)} w={180} autoComplete="off" />
        <PasswordInput size="xs" label="Password, 12 characters or more" value={password} onChange={(e) => setPassword(e.currentTarget.value)} w={240} autoComplete="new-password" />
        <Select label="Role" data={[...roles]} value={role} allowDeselect={false} onChange={(v) => setRole(v ?? 'viewer')} w={150} />
        <TextInput label="Only devices with" placeholder="all; site=berlin" value={scope} onChange={(e) => setScope(e.currentTarget.value)} w={170} />
        <Button type="submit" loading={add.isPending} style={{ alignSelf: 'end' }}>Add</Button>
      </form>
      {add.error && <Failed error={add.error} />}
    </Part>
  );
}

function Remove({ user, onDone }: { user: string | null; onDone: () => void }) {
  const queries = useQueryClient();
  const remove = useMutation({
    mutationFn: (name: string) => ask(api.DELETE('/api/v1/users/{name}', { params: { path: { name } } })),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['users'] }),
    onSettled: onDone,
  });
  return (
    <Modal opened={!!user} onClose={onDone} title={`Remove ${user}?`} removeScrollProps={{ enabled: false }}>
      <p>Their sessions end and their tokens stop to work. What they did stays in the audit log.</p>
      <Button color="red" loading={remove.isPending} onClick={() => user && remove.mutate(user)}>Remove {user}</Button>
    </Modal>
  );
}

/** Who may do what. */
export default function Users() {
  const queries = useQueryClient();
  const [removing, setRemoving] = useState<string | null>(null);
  const users = useQuery({ queryKey: ['users'], queryFn: () => ask(api.GET('/api/v1/users')) });
  const change = useMutation({
    mutationFn: (u: User) => ask(api.PATCH('/api/v1/users/{name}', { params: { path: { name: u.name } }, body: { disabled: !u.disabled } })),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['users'] }),
  });
  const columns: Column<User>[] = [
    { key: 'name', head: 'User', cell: (u) => u.name },
    { key: 'state', head: 'State', width: '140px', cell: (u) => <Mark state={u.disabled ? { tone: 'idle', shape: 'ban', word: 'disabled' } : { tone: 'good', shape: 'check', word: 'may come in' }} /> },
    { key: 'roles', head: 'Roles', cell: (u) => (u.grants ?? []).map((g) => `${g.role}${g.scope ? ` in ${g.scope}` : ''}`).join(', ') },
    { key: 'from', head: 'Comes by', cell: (u) => (u.external ? 'the organisation' : 'password') },
    { key: 'since', head: 'Since', width: '120px', cell: (u) => <When at={u.createdAt} /> },
    { key: 'do', head: '', width: '170px', cell: (u) => <><Button size="compact-xs" variant="default" onClick={() => change.mutate(u)}>{u.disabled ? 'Enable' : 'Disable'}</Button> <Button size="compact-xs" variant="default" onClick={() => setRemoving(u.name)}>Remove</Button></> },
  ];
  return (
    <div className={classes.stack}>
      <Add />
      <div className="sheet">
        {users.error && <Failed error={users.error} />}
        <DataTable label="Users" columns={columns} rows={users.data ?? []} id={(u) => u.name} busy={users.isPending} empty={<Empty title="No users yet">You came in with the token of the data directory. Add a user with the role administrator, and come in with name and password.</Empty>} />
      </div>
      <Remove user={removing} onDone={() => setRemoving(null)} />
    </div>
  );
}
