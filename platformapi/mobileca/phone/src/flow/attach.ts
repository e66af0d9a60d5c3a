// Files that go with an application: photographs, made as small as can still be read, and PDFs as they are.
import type { Attachment } from "../api/people.js";
import { toText } from "../wire/base64url.js";
import { Refused } from "./refused.js";

export const ATTACHMENTS = 3;
const MOST = 2_000_000; // bytes of one that the service takes
const SIDE = 2000; // pixels of a photograph
const PICTURE = 50_000_000; // bytes that are read at all

export async function attach(file: File): Promise<Attachment> {
  const name = file.name.slice(-100) || "attachment";
  if (file.size > PICTURE) throw new Refused("file-large", { name });
  const head = new Uint8Array(await file.slice(0, 5).arrayBuffer());
  if (String.fromCharCode(...head) === "%PDF-") {
    if (file.size > MOST) throw new Refused("file-large", { name });
    return { name, type: "application/pdf", content: toText(new Uint8Array(await file.arrayBuffer())) };
  }
  const photograph = await picture(file);
  const scale = Math.min(1, SIDE / Math.max(photograph.width, photograph.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(photograph.width * scale));
  canvas.height = Math.max(1, Math.round(photograph.height * scale));
  const draw = canvas.getContext("2d")!;
  draw.fillStyle = "#fff";
  draw.fillRect(0, 0, canvas.width, canvas.height);
  draw.drawImage(photograph, 0, 0, canvas.width, canvas.height);
  photograph.close();
  for (const quality of [0.85, 0.7, 0.5]) {
    const small = await new Promise<Blob | null>((done) => canvas.toBlob(done, "image/jpeg", quality));
    if (small && small.size <= MOST) return { name: name.replace(/\.\w+$/, "").slice(0, 96) + ".jpg", type: "image/jpeg", content: toText(new Uint8Array(await small.arrayBuffer())) };
  }
  throw new Refused("file-large", { name });
}

// The file as a picture, or a refusal.
export async function picture(file: File): Promise<ImageBitmap> {
  try {
    return await createImageBitmap(file);
  } catch {
    throw new Refused("file-wrong", { name: file.name });
  }
}
