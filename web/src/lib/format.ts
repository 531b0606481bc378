/** A size as people read it, in decimal units. */
export function octets(n: number | undefined): string {
  if (n === undefined) return '';
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let i = 0;
  let v = n;
  while (v >= 1000 && i < units.length - 1) {
    v /= 1000;
    i++;
  }
  return `${i === 0 || v >= 100 ? Math.round(v) : v.toFixed(1)} ${units[i]}`;
}

export const count = (n: number | undefined): string => (n ?? 0).toLocaleString('en');

/** "1 device", "12 devices". */
export const many = (n: number, thing: string, things = `${thing}s`): string => `${count(n)} ${n === 1 ? thing : things}`;

/** A length of time: 4.2 s, 3 min 20 s, 2 h 5 min, 3 d 4 h. */
export function span(ms: number): string {
  const s = ms / 1000;
  if (s < 10) return `${Math.max(0, s).toFixed(1)} s`;
  if (s < 60) return `${Math.round(s)} s`;
  const min = Math.floor(s / 60);
  if (min < 60) return two(min, 'min', Math.round(s % 60), 's');
  const h = Math.floor(min / 60);
  if (h < 48) return two(h, 'h', min % 60, 'min');
  return two(Math.floor(h / 24), 'd', h % 24, 'h');
}

function two(a: number, unit: string, b: number, smaller: string): string {
  return b ? `${a} ${unit} ${b} ${smaller}` : `${a} ${unit}`;
}

/** How long ago, in one unit. */
export function ago(at: Date, now: Date): string {
  const s = Math.round((now.getTime() - at.getTime()) / 1000);
  if (Math.abs(s) < 45) return s < 0 ? 'in a moment' : 'just now';
  const [n, unit] = nearest(Math.abs(s));
  return s < 0 ? `in ${n} ${unit}` : `${n} ${unit} ago`;
}

function nearest(s: number): [number, string] {
  if (s < 5400) return [Math.round(s / 60), 'min'];
  if (s < 129600) return [Math.round(s / 3600), 'h'];
  return [Math.round(s / 86400), 'd'];
}

/** Go's text of a duration (1h2m3.5s) in milliseconds. */
export function milliseconds(duration: string | undefined): number {
  const units: Record<string, number> = { h: 3600e3, m: 60e3, s: 1e3, ms: 1, 'µs': 1e-3, us: 1e-3, ns: 1e-6 };
  let sum = 0;
  for (const [, n, unit] of (duration ?? '').matchAll(/([\d.]+)(h|ms|m|s|µs|us|ns)/g)) sum += Number(n) * units[unit];
  return sum;
}

/** The date of a timestamp, or null where there is none (Go's zero time too). */
export function date(text: string | undefined | null): Date | null {
  if (!text || text.startsWith('0001-')) return null;
  return new Date(text);
}
