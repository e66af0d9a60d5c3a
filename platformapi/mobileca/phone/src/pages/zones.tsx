// The platforms that an organisation's certificate is bound to, so that scanning is enough to log in there (1.11).
import { useState } from "preact/hooks";
import type { Zone } from "../api/people.js";
import type { List, Organisation } from "../api/types.js";
import { useAct, useOnce } from "../ui/act.js";
import { useApp } from "../ui/app.js";
import { Confirm } from "../ui/confirm.js";
import { Icon } from "../ui/icon.js";
import { OfOrganisation } from "../ui/organisation.js";
import { Button, Loaded, Notice, Page, Row, Trouble, useLoaded } from "../ui/parts.js";
import { Plus } from "../ui/plus.js";
import { usePlatforms } from "./authorisations.js";

function useZones() {
  const app = useApp();
  return useLoaded(async () => (await app.client.call<List<Zone>>("GET", "/zones")).items);
}

export function ZonesPage() {
  const { t } = useApp().texts;
  return <OfOrganisation title={t("home.zones")}>{() => <Zones />}</OfOrganisation>;
}

function Zones() {
  const app = useApp();
  const { t } = app.texts;
  const all = useZones();
  const [leaving, setLeaving] = useState<Zone>();
  const bind = (): void => app.go({ page: "zone-bind" });
  const unbind = async (): Promise<void> => {
    await app.client.call("DELETE", "/zones/" + leaving!.id);
    setLeaving(undefined);
    app.toast(t("zones.unbound"));
    all.again();
  };
  return (
    <Page title={t("home.zones")} back action={<Plus label={t("zones.bind")} onPress={bind} />}>
      <p class="lead">{t("zones.lead")}</p>
      <Loaded of={all} empty={<><p>{t("zones.none")}</p><Button onPress={bind}>{t("zones.bind")}</Button></>}>
        {(items) => (
          <>
            <div class="list">
              {items.map((z) => (
                <div key={z.id} class="swipe">
                  <Row
                    icon="zone"
                    title={z.platform_name}
                    text={z.organisation_name + " · " + app.texts.date(z.bound_at)}
                    side={<button class="plain" aria-label={t("zones.unbind-of", { name: z.platform_name })} onClick={() => setLeaving(z)}><Icon name="more" size={20} /></button>}
                  />
                  <button class="away" onClick={() => setLeaving(z)}>{t("zones.unbind")}</button>
                </div>
              ))}
            </div>
            <p class="fine">{t("zones.swipe")}</p>
          </>
        )}
      </Loaded>
      {leaving && <Confirm title={t("zones.unbind")} warning={t("zones.unbind-text", { name: leaving.platform_name })} act={t("zones.unbind")} close={() => setLeaving(undefined)} done={unbind} />}
    </Page>
  );
}

export function ZoneBindPage() {
  const { t } = useApp().texts;
  return <OfOrganisation title={t("zones.bind")}>{(o) => <Bind o={o} />}</OfOrganisation>;
}

function Bind({ o }: { o: Organisation }) {
  const app = useApp();
  const { t } = app.texts;
  const zones = useZones();
  const platforms = usePlatforms();
  const [chosen, setChosen] = useState<string>();
  const { error, act } = useAct();
  const once = useOnce();
  const bound = new Set(zones.value?.filter((z) => z.organisation === o.id).map((z) => z.platform));
  const bind = (): Promise<void> =>
    act(async () => {
      await app.client.call("POST", "/zones", once({ platform: chosen, organisation: o.id }));
      app.toast(t("zones.was-bound"));
      app.back();
    });
  return (
    <Page title={t("zones.bind")} back foot={<Button disabled={!chosen} why={t("home.no-platform")} onPress={bind}>{t("zones.bind-act")}</Button>}>
      <p class="lead">{t("zones.bind-lead", { name: o.name })}</p>
      <Loaded of={{ ...platforms, value: zones.value && platforms.value, error: platforms.error ?? zones.error, again: () => (platforms.again(), zones.again()) }} empty={<p>{t("platforms.none")}</p>}>
        {(items) => (
          <div class="list">
            {items.map((p) =>
              bound.has(p.id) ? (
                <Row key={p.id} title={p.name} text={p.region} side={<span class="chip good">{t("zones.bound")}</span>} />
              ) : (
                <Row key={p.id} title={p.name} text={p.region} chosen={p.id === chosen} onPress={() => setChosen(p.id)} />
              ),
            )}
          </div>
        )}
      </Loaded>
      <Notice tone="info">{t("zones.same")}</Notice>
      {error !== undefined && <Trouble of={error} />}
    </Page>
  );
}
