// The drawings of the desktop and a few of the phone's own, as lines that take the colour of the text they stand in.
import back from "../../../../../assets/icons/lines/prev.svg";
import bell from "../../../../../assets/icons/lines/info.svg";
import check from "../../../../../assets/icons/lines/check.svg";
import clock from "../../../../../assets/icons/lines/clock.svg";
import cross from "../../../../../assets/icons/lines/cross.svg";
import document from "../../../../../assets/icons/lines/contract.svg";
import edit from "../../../../../assets/icons/lines/edit.svg";
import error from "../../../../../assets/icons/lines/error.svg";
import grant from "../../../../../assets/icons/lines/verify.svg";
import help from "../../../../../assets/icons/lines/help.svg";
import home from "../../../../../assets/icons/lines/home.svg";
import key from "../../../../../assets/icons/lines/key.svg";
import lock from "../../../../../assets/icons/lines/lock.svg";
import login from "../../../../../assets/icons/lines/unlock.svg";
import more from "../../../../../assets/icons/lines/more.svg";
import next from "../../../../../assets/icons/lines/next.svg";
import offline from "../../../../../assets/icons/lines/offline.svg";
import people from "../../../../../assets/icons/lines/user.svg";
import phone from "../../../../../assets/icons/lines/phone.svg";
import plus from "../../../../../assets/icons/lines/plus.svg";
import scan from "../../../../../assets/icons/lines/scan.svg";
import seal from "../../../../../assets/icons/lines/seal.svg";
import settings from "../../../../../assets/icons/lines/settings.svg";
import swap from "../../../../../assets/icons/lines/switch.svg";
import trash from "../../../../../assets/icons/lines/trash.svg";
import warning from "../../../../../assets/icons/lines/warning.svg";
import zone from "../../../../../assets/icons/lines/link.svg";
import assistant from "./drawings/assistant.svg";
import bill from "./drawings/bill.svg";
import card from "./drawings/card.svg";
import certificate from "./drawings/certificate.svg";
import erase from "./drawings/delete.svg";
import language from "./drawings/language.svg";
import message from "./drawings/message.svg";
import organisation from "./drawings/organisation.svg";

const DRAWINGS = { assistant, back, bell, bill, card, certificate, check, clock, cross, document, edit, erase, error, grant, help, home, key, language, lock, login, message, more, next, offline, organisation, people, phone, plus, scan, seal, settings, swap, trash, warning, zone };
export type IconName = keyof typeof DRAWINGS;

export function Icon({ name, size = 24 }: { name: IconName; size?: number }) {
  const drawing = DRAWINGS[name].replaceAll("#000000", "currentColor");
  return <span class="icon" style={{ width: `${size}px`, height: `${size}px` }} aria-hidden="true" dangerouslySetInnerHTML={{ __html: drawing }} />;
}
