package help

import (
	"fmt"
	"io/fs"
	"regexp"
	"strings"
)

// Kind is what a block of a topic is.
type Kind int

// The kinds. The guides use no more of Markdown than these, and `code` within a line; of links, which lead to other files of the
// source, the words alone are read.
const (
	Paragraph Kind = iota
	Title
	Heading
	Bullet
	Step    // of a numbered list; Block.Number is its number
	Picture // Block.File is its name for PNG, Block.Text says what it shows
	Row     // of a table; Block.Cells are its cells
)

// A Block is a line of a topic.
type Block struct {
	Kind   Kind
	Number string
	File   string
	Text   string // with its marks of code
	Cells  []Cell
}

// A Cell is a row's entry in a column.
type Cell struct {
	Column, Text string // the text with its marks of code
}

var (
	step    = regexp.MustCompile(`^([0-9]{1,2})\. (.*)$`)
	link    = regexp.MustCompile(`(^|[^!])\[([^\]]*)\]\([^)]*\)`) // no picture
	picture = regexp.MustCompile(`^!\[(.*)\]\(([a-z-]+\.png)\)$`)
)

// Language is the one in which the guides are read for a language: itself, or Chinese where it has none.
func Language(tag string) string {
	if _, err := fs.Stat(Files, tag+"/"+Topics[0]+".md"); err != nil {
		return "zh-CN"
	}
	return tag
}

// Topic reads a topic in a language. The error is fs.ErrNotExist for one that is not there.
func Topic(language, name string) ([]Block, error) {
	data, err := fs.ReadFile(Files, language+"/"+name+".md")
	if err != nil {
		return nil, fmt.Errorf("help %s/%s: %w", language, name, err)
	}
	var blocks []Block
	var columns []string
	for line := range strings.SplitSeq(string(data), "\n") {
		b := Block{Text: link.ReplaceAllString(strings.TrimSpace(line), "$1$2")}
		if b.Text == "" {
			columns = nil
			continue
		}
		if cells, ok := row(b.Text); ok {
			switch {
			case columns == nil:
				columns = cells
			case strings.Trim(b.Text, "|- ") != "":
				b.Kind = Row
				for i, text := range cells[:min(len(cells), len(columns))] {
					b.Cells = append(b.Cells, Cell{columns[i], text})
				}
				blocks = append(blocks, b)
			}
			continue
		}
		if rest, ok := strings.CutPrefix(b.Text, "## "); ok {
			b.Kind, b.Text = Heading, rest
		} else if rest, ok := strings.CutPrefix(b.Text, "# "); ok {
			b.Kind, b.Text = Title, rest
		} else if rest, ok := strings.CutPrefix(b.Text, "- "); ok {
			b.Kind, b.Text = Bullet, rest
		} else if m := picture.FindStringSubmatch(b.Text); m != nil {
			b.Kind, b.Text, b.File = Picture, m[1], m[2]
		} else if m := step.FindStringSubmatch(b.Text); m != nil {
			b.Kind, b.Number, b.Text = Step, m[1], m[2]
		}
		blocks = append(blocks, b)
	}
	return blocks, nil
}

// row splits a line of a table into its cells.
func row(line string) (cells []string, ok bool) {
	inner, ok := strings.CutPrefix(line, "|")
	if !ok {
		return nil, false
	}
	for cell := range strings.SplitSeq(strings.TrimSuffix(inner, "|"), "|") {
		cells = append(cells, strings.TrimSpace(cell))
	}
	return cells, true
}

// Plain is the text without the marks of code.
func (b Block) Plain() string { return plain(b.Text) }

// Plain is the text without the marks of code.
func (c Cell) Plain() string { return plain(c.Text) }

func plain(text string) string { return strings.ReplaceAll(text, "`", "") }

// PNG reads a picture of the topics in a language. The error is fs.ErrNotExist for one that is not there.
func PNG(language, name string) ([]byte, error) {
	data, err := fs.ReadFile(Files, language+"/"+name)
	if err != nil {
		return nil, fmt.Errorf("help %s/%s: %w", language, name, err)
	}
	return data, nil
}
