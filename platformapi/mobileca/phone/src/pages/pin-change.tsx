// A new PIN for a pair of keys, and for the earlier ones of the same holder that still decrypt. The old one is proved to the service, so a
// wrong one costs a try. What has another PIN is told, and changed with that.
import { useState } from "preact/hooks";
import type { Certificate, List } from "../api/types.js";
import { newCode } from "../crypto/backup.js";
import { changePINs } from "../flow/keys.js";
import { Refused } from "../flow/refused.js";
import { useApp } from "../ui/app.js";
import { Icon } from "../ui/icon.js";
import { Button, Loaded, Notice, Page, Row, Trouble, useLoaded } from "../ui/parts.js";
import { NewPin } from "../ui/pin.js";
import { PinEntry } from "../ui/pin-entry.js";
import { RecoveryCode } from "../ui/recovery-code.js";

// The keys that a person has beside one's for the same purpose: of its pair, and of those before it what was encrypted to.
const withIt = (all: Certificate[], c: Certificate): Certificate[] =>
  all.filter((o) => o.use === "encrypt" && (o.pair === c.id || (o.state !== "valid" && o.organisation === c.organisation && o.person === c.person)));

export function PinChangePage({ id }: { id: string }) {
  const app = useApp();
  const { t } = app.texts;
  const all = useLoaded(async () => (await app.client.call<List<Certificate>>("GET", "/certificates")).items.filter((c) => c.key.here && c.key.state === "certified"));
  const [chosen, setChosen] = useState(id || undefined);
  const [next, setNext] = useState<string>();
  const [stage, setStage] = useState<"pin" | "code" | "done">("pin");
  const [rest, setRest] = useState<Certificate[]>([]);
  const [other, setOther] = useState<Certificate>();
  const [code] = useState(newCode);
  const signing = all.value?.find((c) => c.use === "sign" && c.state === "valid" && (c.id === chosen || c.pair === chosen));

  const change = async (from: string, first: Certificate, others: Certificate[]): Promise<void> => {
    setRest(await changePINs({ client: app.client, vault: app.vault, account: app.account!.account }, [first, ...others], from, next!, code.join("")));
    app.sessions.endAll();
  };
  if (other) {
    return (
      <Page title={t("pin-change.title")} back={() => setOther(undefined)}>
        <PinEntry certificate={other} act={t("pin-change.act")} label={t("pin-change.old")} done={async (from) => (await change(from, other, rest.filter((c) => c !== other)), setOther(undefined))} />
      </Page>
    );
  }
  if (stage === "done") {
    return (
      <Page title={t("pin-change.title")} foot={<Button onPress={() => app.replace({ page: "home" })}>{t("do.finish")}</Button>}>
        <div class="result good"><Icon name="check" size={40} /><h2>{t("pin-change.done")}</h2><p>{t("pin-change.done-text")}</p></div>
        {rest.length > 0 && (
          <>
            <Notice tone="warn" title={t("pin-change.rest")}>{t("pin-change.rest-text")}</Notice>
            <div class="list">{rest.map((c) => <Row key={c.id} icon="certificate" title={t("pin-change.rest-one", { name: c.name })} text={t(c.state === "valid" ? "certificates.until" : "certificates.was-until", { date: app.texts.date(c.not_after) })} onPress={() => setOther(c)} />)}</div>
          </>
        )}
      </Page>
    );
  }
  if (stage === "code") return <Page title={t("code.title")}><RecoveryCode code={code} done={() => setStage("done")} /></Page>;
  return (
    <Page title={t("pin-change.title")} back>
      <Loaded of={all}>
        {(items) => {
          const choice = items.filter((c) => c.use === "sign" && c.state === "valid");
          if (choice.length === 0) return <Trouble of={new Refused("no-certificate")} />;
          if (!signing) return <div class="list">{choice.map((c) => <Row key={c.id} icon="certificate" title={c.name} text={c.person} onPress={() => setChosen(c.id)} />)}</div>;
          if (next === undefined) return <NewPin label={t("pin-change.new")} act={t("do.next")} done={async (pin) => setNext(pin)} />;
          return <PinEntry certificate={signing} act={t("pin-change.act")} label={t("pin-change.old")} done={async (from) => (await change(from, signing, withIt(items, signing)), setStage("code"))} />;
        }}
      </Loaded>
    </Page>
  );
}
