// What the administrator is asked: may this person join, or have one more certificate.
import { useState } from "preact/hooks";
import type { Application, List } from "../api/types.js";
import { useAct } from "../ui/act.js";
import { useApp } from "../ui/app.js";
import { Button, Card, Facts, Field, Loaded, Notice, Page, Row, Sheet, Trouble, useLoaded } from "../ui/parts.js";

export function ReviewsPage() {
  const app = useApp();
  const { t } = app.texts;
  const all = useLoaded(async () => (await app.client.call<List<Application>>("GET", "/reviews")).items);
  return (
    <Page title={t("reviews.title")} back>
      <Loaded of={all} empty={<p>{t("reviews.none")}</p>}>
        {(items) => (
          <div class="list">
            {items.map((a) => (
              <Row key={a.id} icon="people" title={a.applicant} text={t(`applications.kind-${a.kind}`) + " · " + app.texts.moment(a.created_at)} onPress={() => app.go({ page: "review", id: a.id })} />
            ))}
          </div>
        )}
      </Loaded>
    </Page>
  );
}

export function ReviewPage({ id }: { id: string }) {
  const app = useApp();
  const { t } = app.texts;
  const all = useLoaded(async () => (await app.client.call<List<Application>>("GET", "/reviews")).items);
  const [refusing, setRefusing] = useState(false);
  const [reason, setReason] = useState("");
  const { error, act } = useAct();
  const a = all.value?.find((x) => x.id === id);
  const organisation = app.account?.organisations.find((o) => o.id === a?.organisation);
  const decide = (approve: boolean): Promise<void> =>
    act(async () => {
      await app.client.call("PUT", "/reviews/" + id, { body: approve ? { approve } : { approve, reason: reason.trim() } });
      app.toast(t(approve ? "reviews.approved" : "reviews.refused"));
      app.back();
    });
  return (
    <Page
      title={t("reviews.title")}
      back
      foot={a && <><Button onPress={() => decide(true)}>{t("reviews.approve")}</Button><Button look="quiet" onPress={() => setRefusing(true)}>{t("reviews.refuse")}</Button></>}
    >
      <Loaded of={all}>
        {() =>
          a ? (
            <>
              <Card>
                <h2>{a.applicant}</h2>
                <Facts
                  of={[
                    [t("applications.what"), t(`applications.kind-${a.kind}`)],
                    [t("certificate.name"), organisation?.name ?? ""],
                    [t("download.years"), t("download.years-n", { n: a.years })],
                    [t("applications.at"), app.texts.moment(a.created_at)],
                  ]}
                />
              </Card>
              <Notice tone="info">{t(a.kind === "join" ? "reviews.join-text" : "reviews.extra-text")}</Notice>
            </>
          ) : (
            <div class="empty"><p>{t("reviews.over")}</p></div>
          )
        }
      </Loaded>
      {error !== undefined && !refusing && <Trouble of={error} />}
      {refusing && (
        <Sheet title={t("reviews.refuse")} close={() => setRefusing(false)}>
          <Field label={t("reviews.reason")} hint={t("reviews.reason-hint")} value={reason} set={setReason} most={200} />
          {error !== undefined && <Trouble of={error} />}
          <Button look="danger" disabled={reason.trim() === ""} why={t("reviews.need-reason")} onPress={() => decide(false)}>{t("reviews.refuse")}</Button>
        </Sheet>
      )}
    </Page>
  );
}
