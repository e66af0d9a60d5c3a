package amount

import (
	"errors"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestParse(t *testing.T) {
	for _, tc := range []struct {
		in   string
		want Fen
		code string
	}{
		{in: "0", want: 0},
		{in: "3286000", want: 328600000},
		{in: "3,286,000.00", want: 328600000},
		{in: "￥３，２８６，０００．５ 元", want: 328600050},
		{in: " 12.3 ", want: 1230},
		{in: "12.300", want: 1230},
		{in: "9999999999999.99", want: Max},
		{in: "10000000000000", code: "amount.too_large"},
		{in: strings.Repeat("9", 400), code: "amount.too_large"},
		{in: "12.345", code: "amount.too_many_decimals"},
		{in: "-1", code: "amount.negative"},
		{in: "", code: "amount.not_a_number"},
		{in: ".5", code: "amount.not_a_number"},
		{in: "1.", code: "amount.not_a_number"},
		{in: "1.2.3", code: "amount.not_a_number"},
		{in: "12,34", code: "amount.not_a_number"},
		{in: ",123", code: "amount.not_a_number"},
		{in: "1234,567", code: "amount.not_a_number"},
		{in: "1e6", code: "amount.not_a_number"},
		{in: "叁佰", code: "amount.not_a_number"},
	} {
		got, err := Parse(tc.in)
		var e *Error
		switch {
		case tc.code == "" && (err != nil || got != tc.want):
			t.Errorf("Parse(%q) = %d, %v; want %d", tc.in, got, err, tc.want)
		case tc.code != "" && (!errors.As(err, &e) || e.Code() != tc.code):
			t.Errorf("Parse(%q) = %d, %v; want %s", tc.in, got, err, tc.code)
		}
	}
}

func TestCapitals(t *testing.T) {
	for _, tc := range []struct{ in, want string }{
		{"0", "零元整"},
		{"0.05", "伍分"},
		{"0.50", "伍角整"},
		{"0.56", "伍角陆分"},
		{"1", "壹元整"},
		{"10", "壹拾元整"},
		{"1409.50", "壹仟肆佰零玖元伍角整"},
		{"6007.14", "陆仟零柒元壹角肆分"},
		{"1680.32", "壹仟陆佰捌拾元叁角贰分"},
		{"107000.53", "壹拾万零柒仟元伍角叁分"},
		{"16409.02", "壹万陆仟肆佰零玖元零贰分"},
		{"325.04", "叁佰贰拾伍元零肆分"},
		{"3286000", "叁佰贰拾捌万陆仟元整"},
		{"100000001", "壹亿零壹元整"},
		{"100010000", "壹亿零壹万元整"},
		{"10000000000", "壹佰亿元整"},
		{"1000000000000", "壹万亿元整"},
		{"1200000000000", "壹万贰仟亿元整"},
		{"1000100000000", "壹万零壹亿元整"},
		{"9999999999999.99", "玖万玖仟玖佰玖拾玖亿玖仟玖佰玖拾玖万玖仟玖佰玖拾玖元玖角玖分"},
	} {
		f, err := Parse(tc.in)
		if err != nil {
			t.Fatal(err)
		}
		if got := f.Capitals(); got != tc.want {
			t.Errorf("%s: %s, want %s", tc.in, got, tc.want)
		}
	}
	for _, f := range []Fen{-1, Max + 1} {
		if got := f.Capitals(); got != "" {
			t.Errorf("%d has capitals %q", f, got)
		}
	}
}

func TestStringIsReadBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := Fen(rapid.Int64Range(0, int64(Max)).Draw(t, "fen"))
		got, err := Parse(f.String())
		if err != nil || got != f {
			t.Fatalf("%d written %s read %d, %v", f, f, got, err)
		}
	})
}

// Reading capitals back, figure by figure, must give the sum again: no two sums
// may share their capitals.
func TestCapitalsAreUnambiguous(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := Fen(rapid.Int64Range(0, int64(Max)).Draw(t, "fen"))
		if got := readCapitals(f.Capitals()); got != f {
			t.Fatalf("%s written %s read %s", f, f.Capitals(), got)
		}
	})
}

func readCapitals(s string) Fen {
	var total, section, digit Fen
	for _, r := range s {
		switch r {
		case '拾':
			section, digit = section+digit*10, 0
		case '佰':
			section, digit = section+digit*100, 0
		case '仟':
			section, digit = section+digit*1000, 0
		case '万':
			total, section, digit = total+(section+digit)*10000, 0, 0
		case '亿':
			total, section, digit = (total+section+digit)*100000000, 0, 0
		case '元':
			total, section, digit = (total+section+digit)*100, 0, 0
		case '角':
			total, digit = total+digit*10, 0
		case '分':
			total, digit = total+digit, 0
		case '整':
		default:
			for i, f := range figures {
				if f == string(r) {
					digit = Fen(i)
				}
			}
		}
	}
	return total
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"3,286,000.00", "￥１２．５元", "-1", "1,2,3", "."} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		v, err := Parse(s)
		if err != nil {
			return
		}
		if v < 0 || v > Max {
			t.Fatalf("Parse(%q) = %d out of range", s, v)
		}
		if back, err := Parse(v.String()); err != nil || back != v {
			t.Fatalf("%q read %d, written %s, read %d, %v", s, v, v, back, err)
		}
	})
}
