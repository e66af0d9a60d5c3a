// The pages by the names that addresses use.
import type { ComponentType } from "preact";
import { ApplicationPage, ApplicationsPage, PayPage } from "./applications.js";
import { ApplyPage, ChangePage, ClaimPage, ExtraPage, JoinPage, PersonalPage, ReapplyPage, RenewPage } from "./apply.js";
import { AuthorisationsPage, AuthorisePage, AuthorisedPersonPage, AuthorisedPlatformPage } from "./authorisations.js";
import { CertificatePage, CertificatesPage, RevokePage } from "./certificates.js";
import { DownloadPage } from "./download.js";
import { AssistantPage, HelpPage } from "./help.js";
import { HomePage } from "./home.js";
import { IdentityPage } from "./identity.js";
import { LinkPage, WaitPage } from "./link.js";
import { LoginPage, PasswordPage } from "./login.js";
import { MePage } from "./me.js";
import { MessagesPage } from "./messages.js";
import { BillsPage, CardAddPage, CardsPage, InvoiceNewPage, InvoicesPage } from "./money.js";
import { PinChangePage } from "./pin-change.js";
import { PlatformsPage } from "./platforms.js";
import { RecoverPage } from "./recover.js";
import { RequestPage } from "./request.js";
import { ReviewPage, ReviewsPage } from "./reviews.js";
import { ScanPage } from "./scan.js";
import { NewSealPage, SealPage, SealsPage } from "./seals.js";
import { SessionPage } from "./session.js";
import { DevicesPage, PasswordChangePage, PhoneNumberPage, SettingsPage } from "./settings.js";
import { HandOverPage, OrganisationPage, PersonPage, StaffAddPage, StaffPage } from "./staff.js";
import { ZoneBindPage, ZonesPage } from "./zones.js";

export const PAGES: Record<string, ComponentType<{ id: string }>> = {
  application: ApplicationPage,
  applications: ApplicationsPage,
  apply: ApplyPage,
  assistant: AssistantPage,
  authorisations: AuthorisationsPage,
  authorise: AuthorisePage,
  "authorised-person": AuthorisedPersonPage,
  "authorised-platform": AuthorisedPlatformPage,
  bills: BillsPage,
  "card-add": CardAddPage,
  cards: CardsPage,
  certificate: CertificatePage,
  certificates: CertificatesPage,
  change: ChangePage,
  claim: ClaimPage,
  devices: DevicesPage,
  download: DownloadPage,
  extra: ExtraPage,
  "hand-over": HandOverPage,
  help: HelpPage,
  home: HomePage,
  identity: IdentityPage,
  "invoice-new": InvoiceNewPage,
  invoices: InvoicesPage,
  join: JoinPage,
  link: LinkPage,
  login: LoginPage,
  me: MePage,
  messages: MessagesPage,
  organisation: OrganisationPage,
  password: PasswordPage,
  "password-change": PasswordChangePage,
  pay: PayPage,
  person: PersonPage,
  personal: PersonalPage,
  "phone-number": PhoneNumberPage,
  pin: PinChangePage,
  platforms: PlatformsPage,
  reapply: ReapplyPage,
  recover: RecoverPage,
  renew: RenewPage,
  request: RequestPage,
  review: ReviewPage,
  reviews: ReviewsPage,
  revoke: RevokePage,
  scan: ScanPage,
  seal: SealPage,
  "seal-new": NewSealPage,
  seals: SealsPage,
  session: SessionPage,
  settings: SettingsPage,
  staff: StaffPage,
  "staff-add": StaffAddPage,
  wait: WaitPage,
  "zone-bind": ZoneBindPage,
  zones: ZonesPage,
};
