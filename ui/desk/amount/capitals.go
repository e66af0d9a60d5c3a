package amount

import "strings"

var (
	figures = [10]string{"零", "壹", "贰", "叁", "肆", "伍", "陆", "柒", "捌", "玖"}
	places  = [4]string{"", "拾", "佰", "仟"}
	// myriads names the groups of four figures, from the smallest. The sum
	// fits in the fourth: thirteen figures of yuan.
	myriads = [4]string{"", "万", "亿", "万亿"}
)

// Capitals writes the sum in capitals: 叁佰贰拾捌万陆仟元整. Zeros inside are said
// once (壹仟零伍元), 整 follows when there are no fen, and 零 stands between the
// yuan and the fen when there are no jiao, as annex 1, rules 2 to 4 have it.
// A sum outside 0 to Max has no capitals and yields "".
func (f Fen) Capitals() string {
	if f < 0 || f > Max {
		return ""
	}
	yuan, jiao, fen := int64(f)/100, int(f/10%10), int(f%10)
	if f == 0 {
		return "零元整"
	}
	var b strings.Builder
	if yuan > 0 {
		b.WriteString(wholeCapitals(yuan))
		b.WriteString("元")
	}
	switch {
	case jiao > 0:
		b.WriteString(figures[jiao] + "角")
	case fen > 0 && yuan > 0:
		b.WriteString("零")
	}
	if fen > 0 {
		b.WriteString(figures[fen] + "分")
	} else {
		b.WriteString("整")
	}
	return b.String()
}

func wholeCapitals(yuan int64) string {
	var groups []int
	for ; yuan > 0; yuan /= 10000 {
		groups = append(groups, int(yuan%10000))
	}
	var b strings.Builder
	zero := false // a zero was passed over and is owed before the next figure
	for g := len(groups) - 1; g >= 0; g-- {
		for p := 3; p >= 0; p-- {
			d := groups[g] / pow10[p] % 10
			if d == 0 {
				zero = true
				continue
			}
			if zero && b.Len() > 0 {
				b.WriteString("零")
			}
			zero = false
			b.WriteString(figures[d] + places[p])
		}
		if groups[g] > 0 {
			b.WriteString(groupName(g, groups))
		}
	}
	return b.String()
}

var pow10 = [4]int{1, 10, 100, 1000}

// groupName is 亿 only once: 壹万贰仟亿 for twelve figures above the 亿, since 万亿
// followed by 亿 would say it twice.
func groupName(g int, groups []int) string {
	if g == 3 && groups[2] > 0 {
		return "万"
	}
	return myriads[g]
}
