// Reads codes from pictures: with the browser's own reader where there is one, else with ours, which is loaded then.
export interface CodeReader {
  read(video: HTMLVideoElement): Promise<string | undefined>;
}

interface Detector {
  detect(from: CanvasImageSource): Promise<{ rawValue: string }[]>;
}

interface DetectorClass {
  new (o: { formats: string[] }): Detector;
  getSupportedFormats(): Promise<string[]>;
}

export async function openReader(): Promise<CodeReader> {
  const Native = (globalThis as { BarcodeDetector?: DetectorClass }).BarcodeDetector;
  if (Native && (await Native.getSupportedFormats()).includes("qr_code")) {
    const detector = new Native({ formats: ["qr_code"] });
    return { read: async (video) => (await detector.detect(video))[0]?.rawValue };
  }
  const { prepareZXingModule, readBarcodes } = await import("zxing-wasm/reader");
  await prepareZXingModule({ overrides: { locateFile: (name: string) => "/" + name }, fireImmediately: true });
  const canvas = document.createElement("canvas");
  const context = canvas.getContext("2d", { willReadFrequently: true })!;
  return {
    async read(video) {
      [canvas.width, canvas.height] = [video.videoWidth, video.videoHeight];
      context.drawImage(video, 0, 0);
      const found = await readBarcodes(context.getImageData(0, 0, canvas.width, canvas.height), { formats: ["QRCode"], maxNumberOfSymbols: 1 });
      return found.find((f) => f.isValid)?.text;
    },
  };
}
