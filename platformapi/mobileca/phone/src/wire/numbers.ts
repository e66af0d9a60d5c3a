// Numbers that carry a check character, so that a slip of the finger is found before anything is sent.

const CODE = "0123456789ABCDEFGHJKLMNPQRTUWXY"; // GB 32100-2015: no I, O, S, V, Z

// 统一社会信用代码 (GB 32100-2015, 5).
export function isUSCC(s: string): boolean {
  if (!/^[0-9A-HJ-NPQRTUWXY]{18}$/.test(s)) return false;
  let sum = 0;
  for (let i = 0, weight = 1; i < 17; i++, weight = (3 * weight) % 31) sum += weight * CODE.indexOf(s[i]!);
  return CODE[(31 - (sum % 31)) % 31] === s[17];
}

// 公民身份号码 (GB 11643-1999).
export function isIDNumber(s: string): boolean {
  if (!/^[0-9]{17}[0-9X]$/.test(s)) return false;
  let sum = 0;
  for (let i = 0; i < 17; i++) sum += Number(s[i]) * (2 ** (17 - i) % 11);
  return "10X98765432"[sum % 11] === s[17];
}

// A bank card's number (ISO/IEC 7812-1, annex B).
export function isCardNumber(s: string): boolean {
  if (!/^[0-9]{12,19}$/.test(s)) return false;
  let sum = 0;
  for (let i = 0; i < s.length; i++) {
    const n = Number(s[s.length - 1 - i]) * (1 + (i % 2));
    sum += n > 9 ? n - 9 : n;
  }
  return sum % 10 === 0;
}

export function isPhone(s: string): boolean {
  return /^1[3-9][0-9]{9}$/.test(s);
}
