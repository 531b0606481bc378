import { Anchor, type AnchorProps } from '@mantine/core';
import type { ReactNode } from 'react';
import { Link } from 'wouter';

/** A link within the page. */
export function To({ to, children, ...rest }: AnchorProps & { to: string; title?: string; children: ReactNode }) {
  return (
    <Anchor component={Link} href={to} inherit {...rest}>
      {children}
    </Anchor>
  );
}

export const devicePath = (id: string): string => `/devices/${encodeURIComponent(id)}`;
export const runPath = (id: string): string => `/runs/${encodeURIComponent(id)}`;
export const backupPath = (id: string): string => `/backups/${encodeURIComponent(id)}`;
export const releasePath = (id: string): string => `/releases/${encodeURIComponent(id)}`;
export const campaignPath = (id: string): string => `/campaigns/${encodeURIComponent(id)}`;

export const DeviceLink = ({ id }: { id: string }) => <To to={devicePath(id)}>{id}</To>;
export const RunLink = ({ id }: { id: string }) => (
  <To to={runPath(id)} className="mono">
    {id}
  </To>
);
