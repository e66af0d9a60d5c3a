// One of a few, side by side.
export function Choice<T extends string | number>(p: { label: string; of: readonly [T, string][]; chosen: T; choose: (v: T) => void }) {
  return (
    <div class="field" role="radiogroup" aria-label={p.label}>
      <span>{p.label}</span>
      <div class="choice">
        {p.of.map(([v, name]) => (
          <button key={v} type="button" role="radio" aria-checked={v === p.chosen} onClick={() => p.choose(v)}>{name}</button>
        ))}
      </div>
    </div>
  );
}
