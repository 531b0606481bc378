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
