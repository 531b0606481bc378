/**
 * One cell of a CSV file (RFC 4180). What a spreadsheet would take for a
 * formula gets an apostrophe before it: devices name themselves.
 */
export function cell(value: unknown): string {
  let text = value === undefined || value === null ? '' : String(value);
  if (/^[=+\-@\t\r]/.test(text)) text = `'${text}`;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

export const csv = (rows: unknown[][]): string => rows.map((row) => row.map(cell).join(',')).join('\r\n') + '\r\n';

/** Hands a file to the viewer. */
export function save(name: string, content: Blob | string, type = 'text/csv;charset=utf-8'): void {
  const url = URL.createObjectURL(content instanceof Blob ? content : new Blob([content], { type }));
  const a = document.createElement('a');
  a.href = url;
  a.download = name;
  a.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
