import { PasswordInput, Select, TextInput } from '@mantine/core';
import type { Schema } from '../../api/client';
import classes from '../Devices.module.css';

export type Credentials = Schema<'Credentials'>;

export const noCredentials: Credentials = { version: 'v2c', community: '' };

interface Props {
  value: Credentials;
  onChange: (c: Credentials) => void;
}

function V3({ value: c, onChange }: Props) {
  return (
    <>
      <TextInput label="User" required value={c.user ?? ''} onChange={(e) => onChange({ ...c, user: e.currentTarget.value })} autoComplete="off" />
      <div className={classes.pair}>
        <Select label="Authentication" data={['SHA-256', 'SHA-512', 'SHA-384', 'SHA-224', 'SHA', 'MD5']} value={c.authProtocol ?? null} onChange={(v) => onChange({ ...c, authProtocol: v ?? undefined })} clearable />
        <PasswordInput size="xs" label="Passphrase" value={c.authPassword ?? ''} onChange={(e) => onChange({ ...c, authPassword: e.currentTarget.value })} autoComplete="off" />
        <Select label="Privacy" data={['AES-128', 'AES-256', 'AES-192', 'DES']} value={c.privProtocol ?? null} onChange={(v) => onChange({ ...c, privProtocol: v ?? undefined })} clearable />
        <PasswordInput size="xs" label="Privacy passphrase" value={c.privPassword ?? ''} onChange={(e) => onChange({ ...c, privPassword: e.currentTarget.value })} autoComplete="off" />
      </div>
    </>
  );
}

/** What a device wants to hear; it goes to the server and never comes back. */
export function CredentialsForm({ value: c, onChange }: Props) {
  return (
    <>
      <Select label="SNMP version" data={['v2c', 'v3', 'v1']} value={c.version} allowDeselect={false} onChange={(v) => onChange(v === 'v3' ? { version: 'v3', user: '', authProtocol: 'SHA-256', privProtocol: 'AES-128' } : { version: (v as 'v1') ?? 'v2c', community: '' })} />
      {c.version === 'v3' ? (
        <V3 value={c} onChange={onChange} />
      ) : (
        <div className={classes.pair}>
          <PasswordInput size="xs" label="Community" required value={c.community ?? ''} onChange={(e) => onChange({ ...c, community: e.currentTarget.value })} autoComplete="off" />
          <PasswordInput size="xs" label="Community to write" description="" placeholder="the same" value={c.writeCommunity ?? ''} onChange={(e) => onChange({ ...c, writeCommunity: e.currentTarget.value })} autoComplete="off" />
        </div>
      )}
    </>
  );
}

/** Without the fields that are empty. */
export const given = (c: Credentials): Credentials => Object.fromEntries(Object.entries(c).filter(([, v]) => v !== '' && v !== undefined)) as Credentials;
