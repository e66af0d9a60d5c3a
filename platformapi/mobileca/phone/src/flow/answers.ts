// Which of the help's topics answer a question: those that share the most of its pairs of letters.
export const TOPICS = ["apply", "same-name", "download", "pin", "scan", "session", "phone", "renew", "staff", "authorise", "revoke", "invoice"] as const;
export type Topic = (typeof TOPICS)[number];

const MOST = 3;

export function answers(question: string, text: (t: Topic) => string): Topic[] {
  const asked = pairs(question);
  if (asked.size === 0) return [];
  return TOPICS.map((topic): [Topic, number] => {
    const there = pairs(text(topic));
    let shared = 0;
    for (const p of asked) if (there.has(p)) shared++;
    return [topic, shared / asked.size];
  })
    .filter(([, share]) => share >= 0.2)
    .sort((a, b) => b[1] - a[1])
    .slice(0, MOST)
    .map(([topic]) => topic);
}

function pairs(s: string): Set<string> {
  const letters = [...s.toLowerCase().replace(/[\s\p{P}]/gu, "")];
  return new Set(letters.slice(1).map((c, i) => letters[i]! + c));
}
