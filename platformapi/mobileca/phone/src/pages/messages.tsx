// What the person was told: by the CA, and by administrators.
import { useEffect, useState } from "preact/hooks";
import type { Messages, PersonMessage } from "../api/people.js";
import type { Application, List } from "../api/types.js";
import { useAct } from "../ui/act.js";
import { useApp } from "../ui/app.js";
import { Button, Loaded, Page, Trouble, useLoaded } from "../ui/parts.js";

export function MessagesPage() {
  const app = useApp();
  const { t } = app.texts;
  const first = useLoaded(() => app.client.call<Messages>("GET", "/messages"));
  const [more, setMore] = useState<Messages>();
  const { error, act } = useAct();
  const newest = first.value?.items[0];
  useEffect(() => {
    if (!newest || newest.read) return;
    // The marks stay until the page is left; what cannot be told now is told the next time.
    app.client.call("PUT", "/messages/read", { body: { up_to: newest.id } }).then(app.loggedIn, () => undefined);
  }, [newest?.id]);
  const cursor = more ? more.next_cursor : first.value?.next_cursor;
  const next = (): Promise<void> =>
    act(async () => {
      const page = await app.client.call<Messages>("GET", "/messages", { query: { cursor } });
      setMore({ ...page, items: [...(more?.items ?? []), ...page.items] });
    });
  // One's own applications have a page of how they stand; those of others are an administrator's to review.
  const own = useLoaded(async () => new Set((await app.client.call<List<Application>>("GET", "/applications")).items.map((a) => a.id)));
  const open = (m: PersonMessage): (() => void) | undefined => {
    const { application, certificate } = m;
    if (application && own.value) return () => app.go({ page: own.value!.has(application) ? "application" : "review", id: application });
    return certificate ? () => app.go({ page: "certificate", id: certificate }) : undefined;
  };
  return (
    <Page title={t("messages.title")} back>
      <Loaded of={{ ...first, value: first.value?.items }} empty={<p>{t("messages.none")}</p>}>
        {(items) => (
          <div class="list">
            {[...items, ...(more?.items ?? [])].map((m) => <Message key={m.id} of={m} open={open(m)} />)}
          </div>
        )}
      </Loaded>
      {error !== undefined && <Trouble of={error} />}
      {cursor && <Button look="quiet" onPress={next}>{t("messages.more")}</Button>}
    </Page>
  );
}

function Message({ of: m, open }: { of: PersonMessage; open: (() => void) | undefined }) {
  const { texts } = useApp();
  const inside = (
    <>
      <span class="head">
        {!m.read && <i class="mark" role="img" aria-label={texts.t("messages.unread")} />}
        <span class="name">{m.title}</span>
      </span>
      <span>{m.text}</span>
      <span class="quiet">{texts.moment(m.at)}</span>
    </>
  );
  return open ? <button class="message" onClick={open}>{inside}</button> : <div class="message">{inside}</div>;
}
