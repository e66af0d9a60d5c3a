// The camera (开始扫码). A code that is not ours is said to be so, once, and the camera goes on.
import { useEffect, useRef, useState } from "preact/hooks";
import { Refused } from "../flow/refused.js";
import { openReader } from "../flow/reader.js";
import { useApp } from "../ui/app.js";
import { Notice, Page, Trouble } from "../ui/parts.js";
import { parseAddress } from "../wire/code.js";

const PAUSE = 150; // milliseconds between pictures

export function ScanPage() {
  const app = useApp();
  const { t } = app.texts;
  const video = useRef<HTMLVideoElement>(null);
  const [error, setError] = useState<unknown>();
  const [other, setOther] = useState(false);
  const [turn, setTurn] = useState(0);

  useEffect(() => {
    let over = false;
    let stream: MediaStream | undefined;
    const run = async (): Promise<void> => {
      stream = await camera();
      const screen = video.current;
      if (over || !screen) return;
      screen.srcObject = stream;
      await screen.play();
      const reader = await openReader();
      while (!over) {
        const text = screen.videoWidth > 0 ? await reader.read(screen) : undefined;
        if (over) return;
        if (text !== undefined) {
          try {
            app.scanned.code = parseAddress(text, location.origin);
            app.replace({ page: "link" });
            return;
          } catch {
            setOther(true);
          }
        }
        await new Promise((r) => setTimeout(r, PAUSE));
      }
    };
    run()
      .catch((e) => !over && setError(e))
      .finally(() => over && stop(stream));
    return () => {
      over = true;
      stop(stream);
    };
  }, [turn]);

  return (
    <Page title={t("scan.title")} back foot={<p class="fine">{t("scan.hint")}</p>}>
      {error !== undefined ? (
        <Trouble of={error} again={() => (setError(undefined), setTurn(turn + 1))} />
      ) : (
        <div class="camera">
          <video ref={video} muted playsInline aria-label={t("scan.title")} />
          <i />
        </div>
      )}
      {other && <Notice tone="warn" title={t("problem.code.title")}>{t("problem.code.text")}</Notice>}
    </Page>
  );
}

async function camera(): Promise<MediaStream> {
  if (!navigator.mediaDevices) throw new Refused("no-camera");
  try {
    return await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment", width: { ideal: 1280 }, height: { ideal: 720 } }, audio: false });
  } catch (e) {
    throw new Refused((e as Error).name === "NotAllowedError" ? "camera-denied" : "no-camera");
  }
}

function stop(stream: MediaStream | undefined): void {
  stream?.getTracks().forEach((track) => track.stop());
}
