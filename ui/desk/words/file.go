package words

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// A file is a language file: a flat object of JSON that has its entries a line each, in the order of their keys, as the house keeps
// them. So a text is found without reading the thousands of others, which would take longer than most of what the program does.
type file []byte

// text finds the text of a key by halving what is left of the file. The error is an entry that cannot be read.
func (f file) text(key string) (text string, ok bool, err error) {
	for low, high := 0, len(f); low < high; {
		middle := low + (high-low)/2
		start := low + bytes.LastIndexByte(f[low:middle], '\n') + 1
		end := high
		if n := bytes.IndexByte(f[middle:high], '\n'); n >= 0 {
			end = middle + n + 1
		}
		name, value, isEntry := entry(f[start:end])
		switch {
		case isEntry && name == key:
			if err := json.Unmarshal(value, &text); err != nil {
				return "", false, fmt.Errorf("words: the text of %q: %w", key, err)
			}
			return text, true, nil
		case isEntry && name > key, !isEntry && start > 0: // the closing brace
			high = start
		default:
			low = end
		}
	}
	return "", false, nil
}

// entry takes a line apart: "key": "text",
func entry(line []byte) (key string, value []byte, ok bool) {
	line = bytes.TrimSuffix(bytes.TrimSpace(line), []byte(","))
	line, ok = bytes.CutPrefix(line, []byte(`"`))
	if !ok {
		return "", nil, false
	}
	name, value, ok := bytes.Cut(line, []byte(`":`))
	return string(name), value, ok
}
