// The pages by the names that addresses use.
import type { ComponentType } from "preact";
import { CertificatePage, CertificatesPage, RevokePage } from "./certificates.js";
import { DownloadPage } from "./download.js";
import { HomePage } from "./home.js";
import { LinkPage, WaitPage } from "./link.js";
import { LoginPage, PasswordPage } from "./login.js";
import { MePage } from "./me.js";
import { PinChangePage } from "./pin-change.js";
import { PlatformsPage } from "./platforms.js";
import { RecoverPage } from "./recover.js";
import { RequestPage } from "./request.js";
import { ScanPage } from "./scan.js";
import { SessionPage } from "./session.js";

export const PAGES: Record<string, ComponentType<{ id: string }>> = {
  certificate: CertificatePage,
  certificates: CertificatesPage,
  download: DownloadPage,
  home: HomePage,
  link: LinkPage,
  login: LoginPage,
  me: MePage,
  password: PasswordPage,
  pin: PinChangePage,
  platforms: PlatformsPage,
  recover: RecoverPage,
  request: RequestPage,
  revoke: RevokePage,
  scan: ScanPage,
  session: SessionPage,
  wait: WaitPage,
};
