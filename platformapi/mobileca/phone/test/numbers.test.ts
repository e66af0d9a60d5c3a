import assert from "node:assert/strict";
import { test } from "node:test";
import { TOPICS, answers } from "../src/flow/answers.js";
import zh from "../src/i18n/zh-CN.json";
import { isCardNumber, isIDNumber, isUSCC } from "../src/wire/numbers.js";

// Each number with every one of its characters changed is none any more.
function slips(good: string, is: (s: string) => boolean, letters: string): void {
  assert.ok(is(good), good);
  for (let i = 0; i < good.length; i++) {
    for (const c of letters) {
      if (c === good[i]) continue;
      const bad = good.slice(0, i) + c + good.slice(i + 1);
      assert.ok(!is(bad), bad);
    }
  }
  assert.ok(!is(good.slice(1)) && !is(good + "0") && !is(""));
}

test("numbers with a check character", () => {
  slips("91330127MA2XKQ713A", isUSCC, "0123456789ABCDEFGHJKLMNPQRTUWXYIOSVZ");
  slips("1233012747013082XH", isUSCC, "0123456789ABCDEFGHJKLMNPQRTUWXYIOSVZ");
  slips("330127198506150021", isIDNumber, "0123456789");
  slips("11010519491231002X", isIDNumber, "0123456789");
  slips("6222021001116245702", isCardNumber, "0123456789");
});

test("questions find their topic", () => {
  const text = (t: (typeof TOPICS)[number]): string => (zh as Record<string, string>)[`help.ask-${t}`]! + (zh as Record<string, string>)[`help.say-${t}`]!;
  for (const [question, topic] of [
    ["换手机后证书怎么办", "phone"],
    ["PIN 码忘记了", "pin"],
    ["怎么开发票", "invoice"],
    ["证书续期", "renew"],
    ["如何授权给同事", "authorise"],
  ] as const) {
    assert.equal(answers(question, text)[0], topic, question);
  }
  assert.deepEqual(answers("", text), []);
  assert.deepEqual(answers("今天天气", text), []);
});
