// How things are done (使用帮助), and the same found by a question (智能客服). Nothing that is asked leaves the phone.
import { useState } from "preact/hooks";
import type { Info } from "../api/people.js";
import { TOPICS, type Topic, answers } from "../flow/answers.js";
import { useApp } from "../ui/app.js";
import { Field, Loaded, type Loading, Notice, Page, Row, useLoaded } from "../ui/parts.js";

export function useInfo(): Loading<Info> {
  const app = useApp();
  return useLoaded(() => app.client.call<Info>("GET", "/info", { open: true }));
}

function Topics({ of }: { of: readonly Topic[] }) {
  const { t } = useApp().texts;
  return (
    <div class="list">
      {of.map((name) => (
        <details key={name} class="topic">
          <summary>{t(`help.ask-${name}`)}</summary>
          <p>{t(`help.say-${name}`)}</p>
        </details>
      ))}
    </div>
  );
}

export function HelpPage() {
  const app = useApp();
  const { t } = app.texts;
  return (
    <Page title={t("help.title")} back>
      <Topics of={TOPICS} />
      <Row icon="assistant" title={t("assistant.title")} text={t("assistant.text")} onPress={() => app.go({ page: "assistant" })} />
    </Page>
  );
}

export function AssistantPage() {
  const app = useApp();
  const { t } = app.texts;
  const [asked, setAsked] = useState("");
  const info = useInfo();
  const found = answers(asked, (name) => t(`help.ask-${name}`) + t(`help.say-${name}`));
  return (
    <Page title={t("assistant.title")} back>
      <p class="lead">{t("assistant.lead")}</p>
      <Field label={t("assistant.ask")} hint={t("assistant.hint")} value={asked} set={setAsked} most={100} />
      {asked.trim() === "" ? <Topics of={TOPICS.slice(0, 5)} /> : found.length > 0 ? <Topics of={found} /> : <p class="empty">{t("assistant.none")}</p>}
      <Loaded of={info}>
        {(v) => (v.help_phone ? <Notice tone="info" title={t("help.call-title")} action={<a class="link" href={"tel:" + v.help_phone}>{v.help_phone}</a>}>{t("help.call-text")}</Notice> : null)}
      </Loaded>
    </Page>
  );
}
