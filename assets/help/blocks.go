package help

import (
	"fmt"
	"io/fs"
	"regexp"
	"strings"
)

// Kind is what a block of a topic is.
type Kind int

// The kinds. The guides use no more of Markdown than these, and `code` within a line.
const (
	Paragraph Kind = iota
	Title
	Heading
	Bullet
	Step    // of a numbered list; Block.Number is its number
	Picture // Block.File is its name for PNG, Block.Text says what it shows
)

// A Block is a line of a topic.
type Block struct {
	Kind   Kind
	Number string
	File   string
	Text   string // with its marks of code
}

var (
	step    = regexp.MustCompile(`^([0-9]{1,2})\. (.*)$`)
	picture = regexp.MustCompile(`^!\[(.*)\]\(([a-z-]+\.png)\)$`)
)

// Topic reads a topic in a language. The error is fs.ErrNotExist for one that is not there.
func Topic(language, name string) ([]Block, error) {
	data, err := fs.ReadFile(Files, language+"/"+name+".md")
	if err != nil {
		return nil, fmt.Errorf("help %s/%s: %w", language, name, err)
	}
	var blocks []Block
	for line := range strings.SplitSeq(string(data), "\n") {
		b := Block{Text: strings.TrimSpace(line)}
		if b.Text == "" {
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

// Plain is the text without the marks of code.
func (b Block) Plain() string { return strings.ReplaceAll(b.Text, "`", "") }

// PNG reads a picture of the topics in a language. The error is fs.ErrNotExist for one that is not there.
func PNG(language, name string) ([]byte, error) {
	data, err := fs.ReadFile(Files, language+"/"+name)
	if err != nil {
		return nil, fmt.Errorf("help %s/%s: %w", language, name, err)
	}
	return data, nil
}
