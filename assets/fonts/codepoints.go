//go:build ignore

// Codepoints prints the code points that the embedded fonts hold, one hexadecimal
// number a line: every character of GBK (or GB 2312 with -set gb2312), the
// characters of rare.txt, Latin letters and the marks the window draws.
package main

import (
	"bufio"
	"flag"
	"fmt"
	"log"
	"os"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/encoding/simplifiedchinese"
)

// marks are the symbols of the window's own texts that GBK may lack.
const marks = "✓✔✗✘!…·—–“”‘’（）()[]【】《》〈〉「」『』①②③④⑤⑥⑦⑧⑨⑩⑪⑫⑬⑭⑮⑯⑰⑱⑲⑳" +
	"●○◆◇■□▲△▼▽▶◀★☆←→↑↓↔↕×÷±≈≠≤≥％%￥¥€§©®™°№•‥⋯、。〇々〆ⅠⅡⅢⅣⅤⅥⅦⅧⅨⅩ㎡㎥㎜㎝㎞㎏℃µ²³¼½¾↵⇧⌘⏎"

func main() {
	set := flag.String("set", "gbk", "gbk or gb2312")
	rare := flag.String("rare", "rare.txt", "file of further characters")
	flag.Parse()

	runes := map[rune]bool{}
	add := func(r rune) {
		if r != utf8.RuneError && !unicode.Is(unicode.Co, r) && !unicode.IsControl(r) {
			runes[r] = true
		}
	}
	for r := rune(0x20); r <= 0x17F; r++ {
		add(r)
	}
	for r := rune(0x2000); r <= 0x206F; r++ { // general punctuation, all spaces
		add(r)
	}
	for r := rune(0xFF00); r <= 0xFFEF; r++ {
		add(r)
	}
	lead, trail := byte(0x81), byte(0x40)
	if *set == "gb2312" {
		lead, trail = 0xA1, 0xA1
	}
	decoder := simplifiedchinese.GBK.NewDecoder()
	for a := int(lead); a <= 0xFE; a++ {
		for b := int(trail); b <= 0xFE; b++ {
			text, err := decoder.Bytes([]byte{byte(a), byte(b)})
			if err != nil {
				continue
			}
			// An unassigned pair decodes to U+FFFD, or to that and an ASCII character.
			if r, n := utf8.DecodeRune(text); n == len(text) {
				add(r)
			}
		}
	}
	for _, r := range marks {
		add(r)
	}
	data, err := os.ReadFile(*rare)
	if err != nil {
		log.Fatal(err)
	}
	for line := range strings.Lines(string(data)) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		for _, r := range line {
			add(r)
		}
	}

	sorted := make([]rune, 0, len(runes))
	for r := range runes {
		sorted = append(sorted, r)
	}
	slices.Sort(sorted)
	out := bufio.NewWriter(os.Stdout)
	for _, r := range sorted {
		fmt.Fprintf(out, "%04X\n", r)
	}
	if err := out.Flush(); err != nil {
		log.Fatal(err)
	}
}
