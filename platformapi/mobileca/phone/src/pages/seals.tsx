// Seals: seen, drawn, imported, changed, taken away (1.7).
import { useEffect, useRef, useState } from "preact/hooks";
import { SEAL_KINDS, type Seal, type SealKind } from "../api/people.js";
import type { List } from "../api/types.js";
import { type Picture, drawSeal, importSeal } from "../flow/seal-picture.js";
import { Texts } from "../i18n/i18n.js";
import { useAct, useOnce } from "../ui/act.js";
import { useApp } from "../ui/app.js";
import { Choice } from "../ui/choice.js";
import { Confirm } from "../ui/confirm.js";
import { Icon } from "../ui/icon.js";
import { useOrganisation } from "../ui/organisation.js";
import { Button, Field, Loaded, Page, Row, Sheet, Trouble, useLoaded } from "../ui/parts.js";
import { Plus } from "../ui/plus.js";

// What is written on a seal is Chinese, whatever the app speaks.
const chinese = new Texts("zh-CN");

function source(png: string): string {
  return "data:image/png;base64," + png.replaceAll("-", "+").replaceAll("_", "/");
}

export function SealsPage() {
  const app = useApp();
  const { t } = app.texts;
  const all = useLoaded(async () => (await app.client.call<List<Seal>>("GET", "/seals")).items);
  const add = (): void => app.go({ page: "seal-new" });
  return (
    <Page title={t("home.seals")} back action={<Plus label={t("seals.add")} onPress={add} />}>
      <Loaded of={all} empty={<><p>{t("seals.none")}</p><Button onPress={add}>{t("seals.add")}</Button></>}>
        {(items) => (
          <div class="seals">
            {items.map((s) => (
              <button key={s.id} onClick={() => app.go({ page: "seal", id: s.id })}>
                <span class="paper"><img src={source(s.png)} alt="" /></span>
                <span class="name">{s.name}</span>
                <span class="quiet">{t(`seals.kind-${s.kind}`) + " · " + t("seals.size", { w: s.width_mm, h: s.height_mm })}</span>
              </button>
            ))}
          </div>
        )}
      </Loaded>
    </Page>
  );
}

export function NewSealPage() {
  return <Editor />;
}

export function SealPage({ id }: { id: string }) {
  const app = useApp();
  const { t } = app.texts;
  const all = useLoaded(async () => (await app.client.call<List<Seal>>("GET", "/seals")).items);
  const s = all.value?.find((x) => x.id === id);
  if (s?.may_edit) return <Editor seal={s} />;
  return (
    <Page title={t("seals.title")} back>
      <Loaded of={all}>
        {() =>
          s ? (
            <>
              <span class="paper large"><img src={source(s.png)} alt={s.name} /></span>
              <h2>{s.name}</h2>
              <p class="quiet">{t("seals.read-only")}</p>
            </>
          ) : (
            <p class="empty">{t("problem.not_found.title")}</p>
          )
        }
      </Loaded>
    </Page>
  );
}

function Editor({ seal }: { seal?: Seal }) {
  const app = useApp();
  const { t } = app.texts;
  const [o] = useOrganisation();
  const ours = seal ? app.account?.organisations.find((x) => x.id === seal.organisation) : o?.role === "administrator" ? o : undefined;
  const own = app.account?.name ?? "";
  const [whose, setWhose] = useState<"organisation" | "person">(seal ? (seal.organisation ? "organisation" : "person") : ours ? "organisation" : "person");
  const [kind, setKind] = useState<SealKind>(seal?.kind ?? (ours ? "contract" : "personal"));
  const [words, setWords] = useState(whose === "organisation" ? (ours?.name ?? "") : own);
  const [name, setName] = useState(seal?.name ?? "");
  const [shown, setShown] = useState<Picture | undefined>(seal && { width: seal.width_mm, height: seal.height_mm, png: seal.png });
  // The picture of a seal that is there, or of a file, is kept until something is written anew.
  const [drawn, setDrawn] = useState(!seal);
  const [menu, setMenu] = useState(false);
  const [leaving, setLeaving] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  const { error, act } = useAct();
  const once = useOnce();

  useEffect(() => {
    if (!drawn) return undefined;
    let here = true;
    const label = kind === "official" || kind === "personal" || kind === "legal_person" ? "" : chinese.t(`seals.kind-${kind}`);
    void act(async () => {
      const p = await drawSeal({ kind, name: words.trim(), label });
      if (here) setShown(p);
    });
    return () => void (here = false);
  }, [drawn, kind, words]);

  const change = (f: () => void): void => {
    f();
    setDrawn(true);
  };
  const take = (k: SealKind): void =>
    change(() => {
      setKind(k);
      if (k === "personal" || k === "legal_person") setWords(k === "personal" ? own : (ours?.legal_person ?? own));
      else if (ours) setWords(ours.name);
    });
  const belong = (w: "organisation" | "person"): void => {
    setWhose(w);
    take(w === "person" ? "personal" : "contract");
  };
  const bring = (f: File | undefined): void => {
    if (!f) return;
    void act(async () => {
      setShown(await importSeal(f));
      setDrawn(false);
    });
  };
  const called = name.trim() || chinese.t(`seals.kind-${kind}`);
  const save = (): Promise<void> =>
    act(async () => {
      const said = { ...(whose === "organisation" && { organisation: ours!.id }), name: called, kind, width_mm: shown!.width, height_mm: shown!.height, png: shown!.png };
      if (seal) await app.client.call("PUT", "/seals/" + seal.id, { body: said });
      else await app.client.call("POST", "/seals", once(said));
      app.toast(t("seals.saved"));
      app.back();
    });
  const remove = async (): Promise<void> => {
    await app.client.call("DELETE", "/seals/" + seal!.id);
    app.toast(t("seals.removed"));
    app.back();
  };
  const kinds = SEAL_KINDS.filter((k) => (whose === "person" ? k === "personal" : k !== "personal"));
  const why = words.trim() === "" ? t("seals.need-words") : undefined;
  return (
    <Page
      title={t(seal ? "seals.edit" : "seals.add")}
      back
      action={seal && <button class="plain" aria-label={t("do.more")} onClick={() => setMenu(true)}><Icon name="more" /></button>}
      foot={<Button disabled={!shown || (drawn && why !== undefined)} why={why} onPress={save}>{t("seals.save")}</Button>}
    >
      <span class="paper large">{shown && <img src={source(shown.png)} alt={called} />}</span>
      {shown && <p class="fine">{t("seals.size", { w: shown.width, h: shown.height })}</p>}
      {error !== undefined && <Trouble of={error} />}
      {!seal && ours && <Choice label={t("seals.whose")} of={[["organisation", t("seals.of-organisation")], ["person", t("seals.of-person")]]} chosen={whose} choose={belong} />}
      {kinds.length > 1 && <Choice label={t("seals.kind")} of={kinds.map((k) => [k, t(`seals.kind-${k}`)])} chosen={kind} choose={take} />}
      <Field label={t("seals.words")} value={words} set={(v) => change(() => setWords(v))} most={40} />
      <Field label={t("seals.name")} value={name} set={setName} hint={chinese.t(`seals.kind-${kind}`)} most={100} />
      <input
        ref={input}
        type="file"
        hidden
        accept="image/png"
        onChange={(e) => {
          const f = e.currentTarget.files?.[0];
          e.currentTarget.value = "";
          bring(f);
        }}
      />
      <Button look="quiet" onPress={() => input.current?.click()}><Icon name="document" size={20} />{t("seals.import")}</Button>
      <small>{t("seals.import-text")}</small>
      {menu && (
        <Sheet title={seal?.name ?? ""} close={() => setMenu(false)}>
          <div class="list"><Row icon="trash" title={t("seals.remove")} onPress={() => (setMenu(false), setLeaving(true))} /></div>
        </Sheet>
      )}
      {leaving && <Confirm title={t("seals.remove")} warning={t("seals.remove-text", { name: seal?.name ?? "" })} act={t("seals.remove")} close={() => setLeaving(false)} done={remove} />}
    </Page>
  );
}
