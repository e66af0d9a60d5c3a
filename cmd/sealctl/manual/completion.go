package manual

import (
	"fmt"
	"io"
	"strings"

	"github.com/alecthomas/kong"
)

// shells are those whose completion can be written.
var shells = []string{"bash", "zsh", "fish"}

// WriteCompletion writes the script that completes the command's words in bash, zsh or fish.
func WriteCompletion(w io.Writer, app *kong.Application, shell string) error {
	p := &page{w: w}
	switch shell {
	case "bash":
		bash(p, app)
	case "zsh":
		zsh(p, app)
	case "fish":
		fish(p, app)
	default:
		return fmt.Errorf("manual: there is no completion for %q", shell)
	}
	return p.err
}

// The scripts find the verb by what was typed before the cursor: each word that goes on a verb's way is a step on it.

const bashHead = `# bash completion of %[1]s
_%[1]s() {
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} path="" words="" i
	COMPREPLY=()
	for ((i = 1; i < COMP_CWORD; i++)); do
		case " %[2]s " in *" ${path:+$path/}${COMP_WORDS[i]} "*) path=${path:+$path/}${COMP_WORDS[i]} ;; esac
	done
	case "$path $prev" in`

func bash(p *page, app *kong.Application) {
	all := verbs(app)
	p.line(bashHead, app.Name, strings.Join(ways(all), " "))
	eachValued(all, func(path, flag string, words []string) {
		p.line("\t\"%s %s\") words=%s ;;", path, flag, quoteShell(strings.Join(words, " ")))
	})
	p.line("\tesac\n\tif [ -z \"$words\" ]; then\n\t\tcase \"$path\" in")
	for _, v := range all {
		p.line("\t\t%q) words=%s ;;", way(v.path), quoteShell(strings.Join(offered(all, v), " ")))
	}
	p.line("\t\tesac\n\tfi")
	p.line("\tCOMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))")
	p.line("\t[ ${#COMPREPLY[@]} -gt 0 ] || COMPREPLY=($(compgen -f -- \"$cur\"))")
	p.line("}\ncomplete -o filenames -F _%s %[1]s", app.Name)
}

const zshHead = `#compdef %[1]s
local path_="" word
local -a words_ taken
for word in ${words[2,CURRENT-1]}; do
	case " %[2]s " in *" ${path_:+$path_/}$word "*) path_=${path_:+$path_/}$word ;; esac
done
case "$path_ ${words[CURRENT-1]}" in`

func zsh(p *page, app *kong.Application) {
	all := verbs(app)
	p.line(zshHead, app.Name, strings.Join(ways(all), " "))
	eachValued(all, func(path, flag string, words []string) {
		p.line("\"%s %s\") compadd -- %s; return ;;", path, flag, strings.Join(words, " "))
	})
	p.line("esac\ncase \"$path_\" in")
	for _, v := range all {
		var list []string
		for _, c := range v.verbs {
			list = append(list, quoteShell(c.Name+":"+c.Help))
		}
		for _, f := range shared(all, v) {
			list = append(list, quoteShell("--"+f.Name+":"+f.Help))
		}
		p.line("%q) words_=(%s) ;;", way(v.path), strings.Join(list, " "))
	}
	p.line("esac\n_describe -o %s words_\n_files", app.Name)
}

const fishHead = `# fish completion of %[1]s
function __%[1]s_at
	set -l path
	for word in (commandline -opc)[2..]
		set -l next (string join / $path $word)
		if contains -- $next %[2]s
			set path $next
		end
	end
	test "$path" = "$argv[1]"
end`

func fish(p *page, app *kong.Application) {
	all := verbs(app)
	p.line(fishHead, app.Name, strings.Join(ways(all), " "))
	for _, v := range all {
		at := fmt.Sprintf("complete -c %s -n '__%[1]s_at \"%s\"'", app.Name, way(v.path))
		for _, c := range v.verbs {
			p.line("%s -f -a %s -d %s", at, c.Name, quoteShell(c.Help))
		}
		for _, f := range shared(all, v) {
			line := at + " -l " + f.Name
			if f.Short != 0 {
				line += " -s " + string(f.Short)
			}
			if words := values(f); len(words) > 0 {
				line += " -x -a " + quoteShell(strings.Join(words, " "))
			} else if !f.IsBool() {
				line += " -r"
			}
			p.line("%s -d %s", line, quoteShell(f.Help))
		}
	}
}

// way is a verb's path in one word.
func way(path string) string { return strings.ReplaceAll(path, " ", "/") }

func ways(all []verb) []string {
	var list []string
	for _, v := range all[1:] {
		list = append(list, way(v.path))
	}
	return list
}

// shared are the flags that may be typed at a verb: its own, and the command's.
func shared(all []verb, v verb) []*kong.Flag {
	if v.path == "" {
		return v.flags
	}
	return append(append([]*kong.Flag{}, v.flags...), all[0].flags...)
}

// offered are the words that may come next at a verb.
func offered(all []verb, v verb) []string {
	var list []string
	for _, c := range v.verbs {
		list = append(list, c.Name)
	}
	for _, f := range shared(all, v) {
		list = append(list, names(f)...)
	}
	return list
}

// eachValued calls f with every flag at every verb whose values are known.
func eachValued(all []verb, f func(path, flag string, words []string)) {
	for _, v := range all {
		for _, flag := range shared(all, v) {
			if words := values(flag); len(words) > 0 {
				f(way(v.path), "--"+flag.Name, words)
			}
		}
	}
}

// quoteShell makes one word of all three shells.
func quoteShell(s string) string {
	return "'" + strings.ReplaceAll(strings.ReplaceAll(s, "'", "’"), "\n", " ") + "'"
}
