// The choice of the platform, the nearest first when the person wants that (1.2).
import { useState } from "preact/hooks";
import type { List, Platform } from "../api/types.js";
import { type Position, locate, nearestFirst } from "../flow/distance.js";
import { useApp } from "../ui/app.js";
import { Button, Field, Loaded, Notice, Page, Row, Trouble, useLoaded } from "../ui/parts.js";

export function PlatformsPage() {
  const app = useApp();
  const { t } = app.texts;
  const all = useLoaded(async () => (await app.client.call<List<Platform>>("GET", "/platforms", { open: true })).items);
  const chosen = useLoaded(() => app.db.get("state", "platform") as Promise<Platform | undefined>);
  const [here, setHere] = useState<Position>();
  const [words, setWords] = useState("");
  const [error, setError] = useState<unknown>();
  const find = async (): Promise<void> => {
    setError(undefined);
    try {
      setHere(await locate());
    } catch (e) {
      setError(e);
    }
  };
  const choose = async (p: Platform): Promise<void> => {
    await app.db.put("state", "platform", p);
    app.back();
  };
  return (
    <Page title={t("platforms.title")} back foot={<Button look="quiet" onPress={find}>{here ? t("platforms.found") : t("platforms.find")}</Button>}>
      {error !== undefined && <Trouble of={error} />}
      {!here && error === undefined && <Notice tone="info">{t("platforms.why")}</Notice>}
      <Field label={t("platforms.search")} value={words} set={setWords} />
      <Loaded of={all} empty={<p>{t("platforms.none")}</p>}>
        {(items) => {
          const found = items.filter((p) => (p.name + (p.region ?? "")).includes(words.trim()));
          const list: [Platform, number | undefined][] = here ? nearestFirst(found, here) : found.map((p) => [p, undefined]);
          if (list.length === 0) return <p class="empty">{t("platforms.no-match", { words })}</p>;
          return (
            <div class="list">
              {list.map(([p, km], i) => (
                <Row
                  key={p.id}
                  title={p.name}
                  text={[p.region, km !== undefined && t("platforms.km", { km: km < 10 ? km.toFixed(1) : Math.round(km) })].filter(Boolean).join(" · ")}
                  side={i === 0 && km !== undefined ? <span class="chip good">{t("platforms.nearest")}</span> : undefined}
                  chosen={chosen.value?.id === p.id}
                  onPress={() => choose(p)}
                />
              ))}
            </div>
          );
        }}
      </Loaded>
    </Page>
  );
}
