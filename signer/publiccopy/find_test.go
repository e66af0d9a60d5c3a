package publiccopy

import (
	"strings"
	"testing"

	"sealdesk/signer/preview"
)

// plain is a page's text with a glyph for each character that is no white space.
func plain(text string) pageText {
	p := pageText{text: text}
	n := 0
	for _, r := range text {
		g := -1
		if r != ' ' && r != '\n' {
			g = n
			n++
		}
		for range len(string(r)) {
			p.glyph = append(p.glyph, g)
		}
	}
	return p
}

// hidden shows the text with what is hidden as █, without white space.
func hidden(p pageText, spans []span) string {
	runes := []rune(strings.NewReplacer(" ", "", "\n", "").Replace(p.text))
	for _, s := range spans {
		for g := s.from; g < s.to; g++ {
			runes[g] = '█'
		}
	}
	return string(runes)
}

func TestNumbersThatAreHidden(t *testing.T) {
	for _, x := range []struct{ text, want string }{
		{"联系电话：13800138000", "联系电话：███████████"},
		{"手机 138 0013 8000 微信同号", "手机███████████微信同号"},
		{"13800138000 13900139000", "██████████████████████"},
		{"电话0391-7190000，邮编454350", "电话████████████，邮编454350"},
		{"(0391)7190000", "█████████████"},
		{"热线400-818-6000", "热线████████████"},
		{"传真：7190000转8", "传真：███████转8"},
		{"身份证号410821198001011234", "身份证号██████████████████"},
		{"41082119800101123X，", "██████████████████，"},
		{"410821\n19800101\n1234", "██████████████████"},
		{"开户行：农行修武支行 账号：1630 1234 5678", "开户行：农行修武支行账号：████████████"},
		{"账 户\n16301010012345", "账户██████████████"},
		{"6222 0212 3456 7890 123", "███████████████████"},
		{"622202123456789012", "██████████████████"},
		{"li.wei@example.com.cn；", "█████████████████████；"},
		// What is no such number stays.
		{"合同金额1,286,000.00元（大写：壹佰贰拾捌万陆仟元整）", "合同金额1,286,000.00元（大写：壹佰贰拾捌万陆仟元整）"},
		{"合同编号：修财采购-2026-12", "合同编号：修财采购-2026-12"},
		{"统一社会信用代码91410811MA40000001", "统一社会信用代码91410811MA40000001"},
		{"签订日期2026-03-24，2026年3月24日", "签订日期2026-03-24，2026年3月24日"},
		{"自2026-03-24至2027-03-23", "自2026-03-24至2027-03-23"},
		{"型号 HX-20260324 数量 1200 台", "型号HX-20260324数量1200台"},
		{"0.123456789012345678", "0.123456789012345678"},
	} {
		p := plain(x.text)
		if got := hidden(p, p.numbers()); got != x.want {
			t.Errorf("%q: %s, want %s", x.text, got, x.want)
		}
	}
	p := plain("电话13800138000，13900139000，账号：1234567890，a@b.cn")
	count := map[What]int{}
	for _, s := range p.numbers() {
		count[s.what]++
	}
	if count[Phone] != 2 || count[BankAccount] != 1 || count[Email] != 1 {
		t.Errorf("counted %v", count)
	}
}

func TestWordsAreFoundWhateverStandsBetween(t *testing.T) {
	p := plain("采用 专有\n配 方 A-12 的；专有配方a-12")
	w := Words{Text: "专有配方Ａ—12", What: TradeSecret}
	if got := hidden(p, p.named(w)); got != "采用████████的；████████" {
		t.Error(got)
	}
	if got := hidden(p, p.named(Words{Text: "专有 配方"})); got != "采用████A-12的；████a-12" {
		t.Errorf("words named with a space: %s", got)
	}
	if got := p.named(Words{Text: "没有的话"}); got != nil {
		t.Errorf("%v", got)
	}
}

// Characters are put together as a reader sees them.
func TestTextOfGlyphs(t *testing.T) {
	at := func(r rune, x, y float64) preview.Glyph {
		return preview.Glyph{Rune: r, Rect: [4]float64{x, y, x + 10, y + 10}}
	}
	p := readText([]preview.Glyph{at('１', 0, 50), at('−', 10, 50), at('﹣', 20, 50), at('—', 30, 50), at('a', 50, 50), at('b', 0, 30), at('c', 10, 80), at('\u00a0', 20, 80), at('d', 0, 80)})
	if want := "1--- a\nb\nc \nd"; p.text != want || len(p.glyph) != len(want) || p.glyph[4] != -1 || p.glyph[5] != 4 {
		t.Errorf("%q, %v", p.text, p.glyph)
	}
	if boxes := boxes([]preview.Glyph{at('a', 0, 50), at('b', 10, 50), at('c', 0, 30)}); len(boxes) != 2 || boxes[0] != [4]float64{-2.5, 47.5, 22.5, 62.5} {
		t.Errorf("%v", boxes)
	}
	if _, ok := (pageText{text: " ", glyph: []int{-1}}).glyphs(Other, 0, 1); ok {
		t.Error("a gap is of glyphs")
	}
}
