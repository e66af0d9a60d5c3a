// A new PIN for a pair of keys. The old one is proved to the service, so a wrong one costs a try.
import { useState } from "preact/hooks";
import type { Certificate, List } from "../api/types.js";
import { newCode } from "../crypto/backup.js";
import { changeKeyPIN } from "../flow/keys.js";
import { Refused } from "../flow/refused.js";
import { useApp } from "../ui/app.js";
import { Icon } from "../ui/icon.js";
import { Button, Loaded, Page, Row, Trouble, useLoaded } from "../ui/parts.js";
import { NewPin } from "../ui/pin.js";
import { PinEntry } from "../ui/pin-entry.js";
import { RecoveryCode } from "../ui/recovery-code.js";

export function PinChangePage({ id }: { id: string }) {
  const app = useApp();
  const { t } = app.texts;
  const all = useLoaded(async () => (await app.client.call<List<Certificate>>("GET", "/certificates")).items.filter((c) => c.state === "valid" && c.key.here));
  const [chosen, setChosen] = useState(id || undefined);
  const [next, setNext] = useState<string>();
  const [stage, setStage] = useState<"pin" | "code" | "done">("pin");
  const [code] = useState(newCode);
  const pair = all.value?.filter((c) => c.id === chosen || c.pair === chosen) ?? [];
  const signing = pair.find((c) => c.use === "sign");

  const change = async (from: string): Promise<void> => {
    for (const c of pair) await changeKeyPIN({ client: app.client, vault: app.vault, account: app.account!.account }, c.key.id, from, next!, code.join(""));
    app.sessions.endAll();
    setNext(undefined);
    setStage("code");
  };
  if (stage === "done") {
    return (
      <Page title={t("pin-change.title")} foot={<Button onPress={() => app.replace({ page: "home" })}>{t("do.finish")}</Button>}>
        <div class="result good"><Icon name="check" size={40} /><h2>{t("pin-change.done")}</h2><p>{t("pin-change.done-text")}</p></div>
      </Page>
    );
  }
  if (stage === "code") return <Page title={t("code.title")}><RecoveryCode code={code} done={() => setStage("done")} /></Page>;
  return (
    <Page title={t("pin-change.title")} back>
      <Loaded of={all}>
        {(items) => {
          const choice = items.filter((c) => c.use === "sign");
          if (choice.length === 0) return <Trouble of={new Refused("no-certificate")} />;
          if (!signing) return <div class="list">{choice.map((c) => <Row key={c.id} icon="certificate" title={c.name} text={c.person} onPress={() => setChosen(c.id)} />)}</div>;
          if (next === undefined) return <NewPin act={t("do.next")} done={async (pin) => setNext(pin)} />;
          return <PinEntry certificate={signing} act={t("pin-change.act")} label={t("pin-change.old")} done={change} />;
        }}
      </Loaded>
    </Page>
  );
}
