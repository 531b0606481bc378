import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { api, ask } from '../api/client';

/** What an operation needs: docs/access.md says which role has what. */
export type Permission = 'view' | 'reveal' | 'operate' | 'approve' | 'administer';

interface Need {
  /** The permission, in some scope at least. */
  to: Permission;
  /** It is needed in the whole fleet. */
  everywhere?: boolean;
}

export const useMe = () => useQuery({ queryKey: ['me'], queryFn: () => ask(api.GET('/api/v1/me')), staleTime: 60_000 });

/** Says whether whoever is here may. The server decides again, for the very device. */
export function useMay(): (need: Permission, everywhere?: boolean) => boolean {
  const me = useMe().data;
  return (need, everywhere) => !!(everywhere ? me?.everywhere : me?.permissions)?.includes(need);
}

/** Shows what only those see who may do it; to others it shows instead what otherwise has. */
export function May({ to, everywhere, otherwise, children }: Need & { otherwise?: ReactNode; children: ReactNode }) {
  return <>{useMay()(to, everywhere) ? children : otherwise}</>;
}
