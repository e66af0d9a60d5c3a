// The [+] in a page's corner.
import { Icon } from "./icon.js";

export function Plus(p: { label: string; onPress: () => void }) {
  return <button class="plain" aria-label={p.label} onClick={p.onPress}><Icon name="plus" /></button>;
}
