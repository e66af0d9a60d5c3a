// Aborted when one of the two is (AbortSignal.any, which phones of two years ago do not have).
export function either(a: AbortSignal, b: AbortSignal): AbortSignal {
  const both = new AbortController();
  for (const s of [a, b]) {
    if (s.aborted) both.abort();
    else s.addEventListener("abort", () => both.abort(), { once: true, signal: both.signal });
  }
  return both.signal;
}
