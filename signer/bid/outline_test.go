package bid_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"sealdesk/signer/bid"
	"sealdesk/signer/finding"
)

const outlineText = `{"tender": "T", "lot": "1", "name": "N",
 "parts": [
  {"code": "tech", "name": "技术文件", "kind": "technical", "required": true, "envelope": "技术", "types": [".pdf"]},
  {"code": "offer", "name": "报价文件", "kind": "price", "required": true, "envelope": "报价"},
  {"code": "letter", "name": "投标函", "kind": "letter", "required": false, "envelope": ""}],
 "price": {"envelope": "报价", "fields": [
  {"name": "总价", "kind": "amount", "required": true, "capitals": true, "max": "100"},
  {"name": "工期", "kind": "days", "required": true}, {"name": "备注", "kind": "text", "required": false}]}}`

// spoken is a reader of sums that knows a few of them.
func spoken(text string) (int64, string, error) {
	sums := map[string]int64{"99": 9900, "100": 10000, "100.01": 10001}
	fen, ok := sums[text]
	if !ok {
		return 0, "", errors.New("no sum")
	}
	return fen, fmt.Sprintf("说%d元整", fen), nil
}

func codes(found []finding.Finding) string {
	var all []string
	for _, f := range found {
		all = append(all, strings.TrimPrefix(f.Code, "bid."))
	}
	return strings.Join(all, " ")
}

func TestOutlineCheck(t *testing.T) {
	o, err := bid.ReadOutline(strings.NewReader(outlineText))
	if err != nil {
		t.Fatal(err)
	}
	complete := func() *bid.Builder {
		return &bid.Builder{
			Parts: []bid.Source{{Code: "tech", Path: "x/t.PDF"}, {Code: "offer", Path: "x/o.doc"}},
			Price: bid.Price{Fields: []bid.Field{{Name: "总价", Value: "99", Capitals: "说9900元整"}, {Name: "工期", Value: "90"}}},
		}
	}
	field := func(i int, value, capitals string) func(b *bid.Builder) {
		return func(b *bid.Builder) { b.Price.Fields[i].Value, b.Price.Fields[i].Capitals = value, capitals }
	}
	for name, tc := range map[string]struct {
		change, after func(b *bid.Builder)
		want          string
	}{
		"complete":             {want: ""},
		"with what is free":    {change: func(b *bid.Builder) { b.Parts = append(b.Parts, bid.Source{Code: "letter", Path: "l"}) }},
		"no price file":        {change: func(b *bid.Builder) { b.Parts = b.Parts[:1] }, want: "part_missing"},
		"a part of no outline": {change: func(b *bid.Builder) { b.Parts[0].Code = "other" }, want: "part_unknown part_missing"},
		"a part twice":         {change: func(b *bid.Builder) { b.Parts = append(b.Parts, b.Parts[0]) }, want: "part_twice"},
		"another type":         {change: func(b *bid.Builder) { b.Parts[0].Path = "t.exe" }, want: "part_type"},
		"an open part":         {after: func(b *bid.Builder) { b.Parts[1].Envelope = "" }, want: "seal_missing"},
		"the other envelope":   {after: func(b *bid.Builder) { b.Parts[1].Envelope = "技术" }, want: "seal_other"},
		"no price":             {change: func(b *bid.Builder) { b.Price = bid.Price{} }, want: "price_missing price_missing"},
		"a field of no form":   {change: func(b *bid.Builder) { b.Price.Fields[1].Name = "质量" }, want: "price_unknown price_missing"},
		"an empty field":       {change: field(1, "", ""), want: "price_missing"},
		"no sum":               {change: field(0, "x", "x"), want: "price_form"},
		"no days":              {change: field(1, "90天", ""), want: "price_form"},
		"no days at all":       {change: field(1, "0", ""), want: "price_form"},
		"capitals for days":    {change: field(1, "90", "玖拾"), want: "price_form"},
		"no capitals":          {change: field(0, "99", ""), want: "price_capitals"},
		"other capitals":       {change: field(0, "99", "说99元整"), want: "price_capitals"},
		"capitals in old form": {change: field(0, "99", "人民币：说 9900圆正")},
		"the ceiling":          {change: field(0, "100", "说10000元整")},
		"above the ceiling":    {change: field(0, "100.01", "说10001元整"), want: "price_above"},
	} {
		b := complete()
		if tc.change != nil {
			tc.change(b)
		}
		o.Apply(b)
		if tc.after != nil {
			tc.after(b)
		}
		if got := codes(o.Check(b, spoken)); got != tc.want {
			t.Errorf("%s: %q, want %q", name, got, tc.want)
		}
	}
}

func TestOutlineCheckManifest(t *testing.T) {
	o, err := bid.ReadOutline(strings.NewReader(outlineText))
	if err != nil {
		t.Fatal(err)
	}
	good := func() *bid.Manifest {
		return &bid.Manifest{Tender: "T", Lot: "1", Outline: o.Digest(), Parts: []bid.Part{
			{Code: "tech", Name: "t.pdf", Envelope: "技术", Size: 1}, {Code: "offer", Name: "o.doc", Envelope: "报价", Size: 1},
			{Code: "opening.price", Kind: bid.KindOpening, Envelope: "报价"},
		}, Commitments: []bid.Commitment{{Name: bid.PriceCommitment, Part: "opening.price"}}}
	}
	for name, tc := range map[string]struct {
		change func(m *bid.Manifest)
		want   string
	}{
		"as asked for":       {func(m *bid.Manifest) {}, ""},
		"another lot":        {func(m *bid.Manifest) { m.Lot = "2" }, "other_lot"},
		"another outline":    {func(m *bid.Manifest) { m.Outline = "" }, "other_outline"},
		"not sealed":         {func(m *bid.Manifest) { m.Parts[1].Envelope = "" }, "seal_missing"},
		"empty":              {func(m *bid.Manifest) { m.Parts[0].Size = 0 }, "part_empty"},
		"a part is missing":  {func(m *bid.Manifest) { m.Parts = slices.Delete(m.Parts, 0, 1) }, "part_missing"},
		"no commitment":      {func(m *bid.Manifest) { m.Commitments = nil }, "price_open"},
		"the price too soon": {func(m *bid.Manifest) { m.Parts[2].Envelope = "技术" }, "seal_other"},
	} {
		m := good()
		tc.change(m)
		if got := codes(o.CheckManifest(m)); got != tc.want {
			t.Errorf("%s: %q, want %q", name, got, tc.want)
		}
	}
}

func TestReadOutlineRefuses(t *testing.T) {
	for name, text := range map[string]string{
		"nothing": "", "a list": "[]", "two": outlineText + "{}", "an unknown member": strings.Replace(outlineText, `"lot"`, `"Lots"`, 1),
		"no tender": strings.Replace(outlineText, `"T"`, `""`, 1), "no parts": `{"tender":"T","lot":"1","name":"N","parts":[]}`,
		"a code twice": strings.Replace(outlineText, `"offer"`, `"TECH"`, 1), "a kind of ours": strings.Replace(outlineText, `"letter", "required"`, `"opening", "required"`, 1),
		"an unknown kind of field": strings.Replace(outlineText, `"days"`, `"weeks"`, 1), "capitals for text": strings.Replace(outlineText, `"text",`, `"text", "capitals": true,`, 1),
		"a ceiling that is no amount": strings.Replace(outlineText, `"max": "100"`, `"max": "另行公布"`, 1),
		"a field twice":               strings.Replace(outlineText, `"备注"`, `"工期"`, 1), "a form without an envelope": strings.Replace(outlineText, `"price": {"envelope": "报价"`, `"price": {"envelope": ""`, 1),
	} {
		_, err := bid.ReadOutline(strings.NewReader(text))
		wantKind(t, name, err, bid.BadOutline)
	}
}
