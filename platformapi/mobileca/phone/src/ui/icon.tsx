// The drawings of the desktop and a few of the phone's own, as lines that take the colour of the text they stand in.
import back from "../../../../../assets/icons/lines/prev.svg";
import bell from "../../../../../assets/icons/lines/info.svg";
import check from "../../../../../assets/icons/lines/check.svg";
import clock from "../../../../../assets/icons/lines/clock.svg";
import cross from "../../../../../assets/icons/lines/cross.svg";
import document from "../../../../../assets/icons/lines/contract.svg";
import error from "../../../../../assets/icons/lines/error.svg";
import grant from "../../../../../assets/icons/lines/verify.svg";
import home from "../../../../../assets/icons/lines/home.svg";
import key from "../../../../../assets/icons/lines/key.svg";
import lock from "../../../../../assets/icons/lines/lock.svg";
import login from "../../../../../assets/icons/lines/unlock.svg";
import more from "../../../../../assets/icons/lines/more.svg";
import next from "../../../../../assets/icons/lines/next.svg";
import offline from "../../../../../assets/icons/lines/offline.svg";
import people from "../../../../../assets/icons/lines/user.svg";
import phone from "../../../../../assets/icons/lines/phone.svg";
import scan from "../../../../../assets/icons/lines/scan.svg";
import seal from "../../../../../assets/icons/lines/seal.svg";
import swap from "../../../../../assets/icons/lines/switch.svg";
import warning from "../../../../../assets/icons/lines/warning.svg";
import zone from "../../../../../assets/icons/lines/link.svg";
import certificate from "./drawings/certificate.svg";
import erase from "./drawings/delete.svg";
import language from "./drawings/language.svg";

const DRAWINGS = { back, bell, certificate, check, clock, cross, document, erase, error, grant, home, key, language, lock, login, more, next, offline, people, phone, scan, seal, swap, warning, zone };
export type IconName = keyof typeof DRAWINGS;

export function Icon({ name, size = 24 }: { name: IconName; size?: number }) {
  const drawing = DRAWINGS[name].replaceAll("#000000", "currentColor");
  return <span class="icon" style={{ width: `${size}px`, height: `${size}px` }} aria-hidden="true" dangerouslySetInnerHTML={{ __html: drawing }} />;
}
