// How the page shows who it is: by the session's cookie, which no script can
// read, or, where the address brought one (#token=...), by a bearer token that
// lives as long as the tab.

const key = 'drydock-token';

/** Takes a token out of the address and keeps it for this tab. */
export function takeToken(): void {
  const given = new URLSearchParams(location.hash.slice(1)).get('token');
  if (!given) return;
  sessionStorage.setItem(key, given);
  history.replaceState(null, '', location.pathname + location.search);
}

export const token = (): string | null => sessionStorage.getItem(key);
export const keepToken = (text: string): void => sessionStorage.setItem(key, text);
export const forgetToken = (): void => sessionStorage.removeItem(key);

const wanted = 'drydock-wanted';

/** Keeps the address that was wanted while the browser is at the organisation's provider. */
export const keepWanted = (): void => sessionStorage.setItem(wanted, location.pathname + location.search + location.hash);

/** Goes back to the address that was wanted before the provider sent the browser to the start. */
export function takeWanted(): void {
  const to = sessionStorage.getItem(wanted);
  if (location.pathname !== '/' || !to) return;
  sessionStorage.removeItem(wanted);
  history.replaceState(null, '', to);
}

/** The header of a request, if there is a token. */
export function authorization(): Record<string, string> {
  const t = token();
  return t ? { Authorization: `Bearer ${t}` } : {};
}
