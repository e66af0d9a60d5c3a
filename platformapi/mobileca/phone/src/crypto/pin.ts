// PINs that others try first: all alike, in a row, or one group repeated.
export function isWeak(pin: string): boolean {
  const steps = new Set([...pin].slice(1).map((c, i) => Number(c) - Number(pin[i])));
  return (steps.size === 1 && [0, 1, -1].includes([...steps][0]!)) || /^(..)\1\1$|^(...)\2$/.test(pin);
}
