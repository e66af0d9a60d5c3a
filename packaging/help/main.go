package main

import (
	"bytes"
	"flag"
	"fmt"
	"html"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"

	"sealdesk/assets/help"
)

func main() {
	out := flag.String("o", filepath.Join("dist", "help"), "folder to write to")
	flag.Parse()
	if err := render(*out); err != nil {
		fmt.Fprintln(os.Stderr, "help:", err)
		os.Exit(1)
	}
}

func render(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for _, language := range []string{"zh-CN", "en"} {
		data, err := guide(language)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, language+".html"), data, 0o644); err != nil {
			return err
		}
		pictures, err := fs.Glob(help.Files, language+"/*.png")
		if err != nil {
			return err
		}
		if err := os.MkdirAll(filepath.Join(dir, language), 0o755); err != nil {
			return err
		}
		for _, picture := range pictures {
			data, err := fs.ReadFile(help.Files, picture)
			if err != nil {
				return err
			}
			if err := os.WriteFile(filepath.Join(dir, picture), data, 0o644); err != nil {
				return err
			}
		}
	}
	return nil
}

const head = `<!DOCTYPE html>
<html lang="%s"><head><meta charset="utf-8"><title>%s</title><style>
body{max-width:46em;margin:2em auto;padding:0 1em;font:16px/1.7 "Noto Sans CJK SC","Microsoft YaHei",sans-serif;color:#1f2a3d}
h1{margin-top:2em;border-bottom:1px solid #e3e8f1}code{background:#f4f6fa;padding:0 .25em;overflow-wrap:anywhere}
table{border-collapse:collapse;font-size:14px}td,th{border:1px solid #e3e8f1;padding:.3em .5em;vertical-align:top;text-align:left}
figure{margin:1em 0}img{max-width:100%%;border:1px solid #e3e8f1;border-radius:6px}figcaption{font-size:13px;color:#5b6880}
</style></head><body>
`

// guide is all topics of a language, one after the other.
func guide(language string) ([]byte, error) {
	var out bytes.Buffer
	list := ""
	turn := func(to string) {
		if list != to && list != "" {
			fmt.Fprintf(&out, "</%s>\n", list)
		}
		if list != to && to != "" {
			fmt.Fprintf(&out, "<%s>\n", to)
		}
		list = to
	}
	for i, name := range help.Topics {
		blocks, err := help.Topic(language, name)
		if err != nil {
			return nil, err
		}
		if i == 0 {
			fmt.Fprintf(&out, head, language, html.EscapeString(blocks[0].Plain()))
		}
		for _, b := range blocks {
			switch b.Kind {
			case help.Title:
				turn("")
				fmt.Fprintf(&out, "<h1 id=%q>%s</h1>\n", name, marked(b.Text))
			case help.Heading:
				turn("")
				fmt.Fprintf(&out, "<h2>%s</h2>\n", marked(b.Text))
			case help.Bullet:
				turn("ul")
				fmt.Fprintf(&out, "<li>%s</li>\n", marked(b.Text))
			case help.Step:
				turn("ol")
				fmt.Fprintf(&out, "<li>%s</li>\n", marked(b.Text))
			case help.Picture:
				turn("")
				fmt.Fprintf(&out, "<figure><img src=%q alt=%q loading=\"lazy\"><figcaption>%[2]s</figcaption></figure>\n",
					language+"/"+b.File, html.EscapeString(b.Plain()))
			case help.Row:
				if list != "table" {
					turn("table")
					row(&out, "th", b.Cells, func(c help.Cell) string { return c.Column })
				}
				row(&out, "td", b.Cells, func(c help.Cell) string { return c.Text })
			default:
				turn("")
				fmt.Fprintf(&out, "<p>%s</p>\n", marked(b.Text))
			}
		}
		turn("")
	}
	out.WriteString("</body></html>\n")
	return out.Bytes(), nil
}

func row(out *bytes.Buffer, tag string, cells []help.Cell, text func(help.Cell) string) {
	out.WriteString("<tr>")
	for _, c := range cells {
		fmt.Fprintf(out, "<%[1]s>%[2]s</%[1]s>", tag, marked(text(c)))
	}
	out.WriteString("</tr>\n")
}

var code = regexp.MustCompile("`([^`]+)`")

// marked is a text as HTML, with its code.
func marked(text string) string {
	return code.ReplaceAllString(html.EscapeString(text), "<code>$1</code>")
}
