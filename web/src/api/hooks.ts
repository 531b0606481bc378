import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import type { Device, Run } from './client';
import { api, ask } from './client';

const page = 200;

/** What devices are asked for by. */
export interface DeviceFilter {
  text?: string;
  driver?: string;
  model?: string;
  version?: string;
  label?: string;
}

const given = <T extends object>(filter: T): T => Object.fromEntries(Object.entries(filter).filter(([, v]) => v !== undefined && v !== '')) as T;

/** Devices by id, page by page. */
export function useDevices(filter: DeviceFilter) {
  const query = given(filter);
  return useInfiniteQuery({
    queryKey: ['devices', query],
    queryFn: ({ pageParam, signal }) => ask(api.GET('/api/v1/devices', { params: { query: { ...query, limit: page, after: pageParam } }, signal })),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last: Device[] | null | undefined) => (last?.length === page ? last[last.length - 1].id : undefined),
  });
}

/** The fleet in numbers, once it is time to ask for them. */
export function useCounts(filter: DeviceFilter = {}, when = true) {
  const query = given(filter);
  return useQuery({ queryKey: ['overview', query], queryFn: () => ask(api.GET('/api/v1/counts', { params: { query } })), enabled: when });
}

/** Targets that were saved under a name. */
export function useFilters() {
  return useQuery({ queryKey: ['filters'], queryFn: async () => (await ask(api.GET('/api/v1/filters'))) ?? [], retry: false, meta: { quiet: true } });
}

export interface RunFilter {
  device?: string;
  release?: string;
  active?: boolean;
  outcome?: string[];
}

/** Runs, newest first, page by page. */
export function useRuns(filter: RunFilter, size = page) {
  const query = given(filter);
  return useInfiniteQuery({
    queryKey: ['runs', query, size],
    queryFn: ({ pageParam, signal }) => ask(api.GET('/api/v1/runs', { params: { query: { ...query, limit: size, after: pageParam } }, signal })),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last: Run[] | null | undefined) => (last?.length === size ? last[last.length - 1].id : undefined),
  });
}

export interface BackupFilter {
  device?: string;
  run?: string;
}

/** Backups, newest first, page by page. */
export function useBackups(filter: BackupFilter, size = page) {
  const query = given(filter);
  return useInfiniteQuery({
    queryKey: ['backups', query, size],
    queryFn: ({ pageParam, signal }) => ask(api.GET('/api/v1/backups', { params: { query: { ...query, limit: size, after: pageParam } }, signal })),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last) => (last?.length === size ? last[last.length - 1].id : undefined),
  });
}

export const useQuestions = () => useQuery({ queryKey: ['questions', false], queryFn: () => ask(api.GET('/api/v1/questions')) });
export const useReleases = () => useQuery({ queryKey: ['releases'], queryFn: () => ask(api.GET('/api/v1/releases')) });
export const useDrivers = () => useQuery({ queryKey: ['drivers'], queryFn: () => ask(api.GET('/api/v1/drivers')) });
export const useDevice = (id: string) => useQuery({ queryKey: ['device', id], queryFn: () => ask(api.GET('/api/v1/devices/{id}', { params: { path: { id } } })) });
export const useRun = (id: string) => useQuery({ queryKey: ['run', id], queryFn: () => ask(api.GET('/api/v1/runs/{id}', { params: { path: { id } } })) });


/** Who is here, and what they may. */
export const useMe = () => useQuery({ queryKey: ['me'], queryFn: () => ask(api.GET('/api/v1/me')), staleTime: 60_000 });

/** Equipment that has announced itself; only who may see the whole fleet may see it. */
export function useEnrolments() {
  const me = useMe();
  return useQuery({ queryKey: ['enrolments'], queryFn: () => ask(api.GET('/api/v1/enrolments')), enabled: !!me.data?.everywhere?.includes('view'), refetchInterval: 5000 });
}

/** All pages' rows in one list. */
export function rowsOf<T>(data: { pages: (T[] | null | undefined)[] } | undefined): T[] {
  return data?.pages.flatMap((p) => p ?? []) ?? [];
}

/** The outcomes of a run that a person should look at. */
export const failures = ['stopped', 'expired', 'rolled-back'];
