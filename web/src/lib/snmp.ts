/**
 * A variable binding as people read it: octets that are all printable text are
 * shown as text, an address of four octets stays in hexadecimal digits.
 */
export function legible(binding: string): string {
  const [, name, hex] = /^(\S+) = octets ((?:[0-9a-f]{2})+)$/.exec(binding) ?? [];
  if (!hex) return binding;
  const octets = hex.match(/../g)!.map((h) => parseInt(h, 16));
  if (!octets.every((o) => o >= 0x20 && o < 0x7f)) return binding;
  return `${name} = "${String.fromCharCode(...octets)}"`;
}
