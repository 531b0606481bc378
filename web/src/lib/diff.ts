/** One row of a comparison of two texts by line. */
export interface DiffRow {
  kind: 'same' | 'left' | 'right' | 'both';
  left?: number;
  right?: number;
  a?: string;
  b?: string;
}

export const linesOf = (text: string): string[] => text.replace(/\r?\n$/, '').split(/\r?\n/);

// Above this many pairs of lines the middle is compared without a table.
const most = 9_000_000;

/** Compares two texts by line: a longest common subsequence. */
export function diffLines(a: string[], b: string[]): DiffRow[] {
  let head = 0;
  while (head < a.length && head < b.length && a[head] === b[head]) head++;
  let tail = 0;
  while (tail < a.length - head && tail < b.length - head && a[a.length - 1 - tail] === b[b.length - 1 - tail]) tail++;
  const pairs = common(a.slice(head, a.length - tail), b.slice(head, b.length - tail));
  const kept: [number, number][] = [];
  for (let i = 0; i < head; i++) kept.push([i, i]);
  for (const [i, j] of pairs) kept.push([i + head, j + head]);
  for (let i = tail; i > 0; i--) kept.push([a.length - i, b.length - i]);
  return rows(a, b, kept);
}

function common(a: string[], b: string[]): [number, number][] {
  if (a.length * b.length > most) return [];
  const width = b.length + 1;
  const table = new Uint16Array((a.length + 1) * width);
  for (let i = a.length - 1; i >= 0; i--)
    for (let j = b.length - 1; j >= 0; j--)
      table[i * width + j] = a[i] === b[j] ? table[(i + 1) * width + j + 1] + 1 : Math.max(table[(i + 1) * width + j], table[i * width + j + 1]);
  const pairs: [number, number][] = [];
  for (let i = 0, j = 0; i < a.length && j < b.length; ) {
    if (a[i] === b[j]) pairs.push([i++, j++]);
    else if (table[(i + 1) * width + j] >= table[i * width + j + 1]) i++;
    else j++;
  }
  return pairs;
}

function rows(a: string[], b: string[], kept: [number, number][]): DiffRow[] {
  const out: DiffRow[] = [];
  let i = 0;
  let j = 0;
  for (const [x, y] of [...kept, [a.length, b.length]]) {
    for (; i < x && j < y; i++, j++) out.push({ kind: 'both', left: i + 1, right: j + 1, a: a[i], b: b[j] });
    for (; i < x; i++) out.push({ kind: 'left', left: i + 1, a: a[i] });
    for (; j < y; j++) out.push({ kind: 'right', right: j + 1, b: b[j] });
    if (x < a.length && y < b.length) out.push({ kind: 'same', left: x + 1, right: y + 1, a: a[i++], b: b[j++] });
  }
  return out;
}

export type Folded = DiffRow | { kind: 'gap'; lines: number; from: number };

/** Leaves out what did not change, but for some lines around each change. */
export function fold(all: DiffRow[], around = 3): Folded[] {
  const near = new Set<number>();
  all.forEach((r, i) => {
    if (r.kind !== 'same') for (let k = i - around; k <= i + around; k++) near.add(k);
  });
  const out: Folded[] = [];
  for (let i = 0; i < all.length; i++) {
    if (near.has(i)) {
      out.push(all[i]);
      continue;
    }
    const from = i;
    while (i + 1 < all.length && !near.has(i + 1)) i++;
    out.push({ kind: 'gap', lines: i - from + 1, from });
  }
  return out;
}
