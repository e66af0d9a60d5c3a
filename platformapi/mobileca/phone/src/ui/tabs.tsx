// The two places that one is always a tap away from.
import { useApp } from "./app.js";
import { Icon } from "./icon.js";

export function Tabs({ at }: { at: "home" | "me" }) {
  const app = useApp();
  const { t } = app.texts;
  return (
    <nav class="tabbar">
      {(["home", "me"] as const).map((page) => (
        <button key={page} aria-current={at === page ? "page" : undefined} onClick={() => at !== page && app.replace({ page })}>
          <Icon name={page === "home" ? "home" : "people"} size={24} />
          {t(`tabs.${page}`)}
        </button>
      ))}
    </nav>
  );
}
