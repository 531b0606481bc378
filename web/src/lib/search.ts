import { useLocation, useSearch } from 'wouter';

/** The address's query as state, so that what is on screen can be shared. */
export function useQueryState(): [URLSearchParams, (change: Record<string, string | undefined>) => void] {
  const params = new URLSearchParams(useSearch());
  const [path, go] = useLocation();
  const set = (change: Record<string, string | undefined>) => {
    const to = new URLSearchParams(params);
    for (const [key, value] of Object.entries(change)) {
      if (value) to.set(key, value);
      else to.delete(key);
    }
    const text = to.toString();
    go(text ? `${path}?${text}` : path, { replace: true });
  };
  return [params, set];
}

/**
 * The id that an address ends in, as /devices/ID. It is read from the address
 * as it stands: an id may have any character in it, also % and /.
 */
export function useId(): string {
  useLocation();
  return decodeURIComponent(location.pathname.split('/')[2] ?? '');
}
