package manual

import (
	"strings"

	"github.com/alecthomas/kong"
)

// A verb is one step of the grammar: the command itself, or one of those below it.
type verb struct {
	path  string // "token list"; empty for the command itself
	node  *kong.Node
	verbs []*kong.Node
	flags []*kong.Flag // its own
}

// verbs walks the grammar from the command down, in its order; what is hidden is left out.
func verbs(app *kong.Application) []verb {
	var list []verb
	var walk func(n *kong.Node, path string)
	walk = func(n *kong.Node, path string) {
		v := verb{path: path, node: n}
		for _, f := range n.Flags {
			if !f.Hidden {
				v.flags = append(v.flags, f)
			}
		}
		for _, c := range n.Children {
			if !c.Hidden && c.Type == kong.CommandNode {
				v.verbs = append(v.verbs, c)
			}
		}
		list = append(list, v)
		for _, c := range v.verbs {
			walk(c, strings.TrimSpace(path+" "+c.Name))
		}
	}
	walk(app.Node, "")
	return list
}

// values are the words that a flag takes, where the grammar lists them.
func values(f *kong.Flag) []string {
	if f.Enum == "" {
		return nil
	}
	var words []string
	for w := range strings.SplitSeq(f.Enum, ",") {
		if w = strings.TrimSpace(w); w != "" {
			words = append(words, w)
		}
	}
	return words
}

// names are a flag's, as they are typed.
func names(f *kong.Flag) []string {
	list := []string{"--" + f.Name}
	if f.Short != 0 {
		list = append(list, "-"+string(f.Short))
	}
	return list
}
