package batch

import (
	"bufio"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"sync"
	"time"

	"sealdesk/signer/disk"
)

// Names in the output folder.
const (
	// LedgerName is the ledger's file.
	LedgerName = "sealdesk-batch.jsonl"
	lockName   = ".sealdesk-batch.lock"
	cleanName  = ".sealdesk-batch-clean" // folder of clean copies
)

// maxLine bounds a line of the ledger, in bytes.
const maxLine = 64 << 10

// A line of the ledger: the rule of the batch, which is the first, a clean copy, or a signed file.
type line struct {
	Kind string    `json:"kind"` // "batch", "clean" or "signed"
	Time time.Time `json:"time"`

	// Of the batch.
	Certificate string   `json:"certificate,omitempty"` // SHA-256 of the DER
	Seal        string   `json:"seal,omitempty"`        // SHA-256 of the picture and its size
	Places      []string `json:"places,omitempty"`

	Name        string `json:"name,omitempty"`        // below the output folder
	In          string `json:"in,omitempty"`          // the document's path
	InputSHA256 string `json:"inputSHA256,omitempty"` // of the document
	CleanSHA256 string `json:"cleanSHA256,omitempty"` // of its clean copy, when that was signed
	SHA256      string `json:"sha256,omitempty"`      // of the signed file
	Size        int64  `json:"size,omitempty"`        // of the signed file, in bytes
	Pages       int    `json:"pages,omitempty"`
}

// The kinds of lines.
const (
	lineBatch  = "batch"
	lineClean  = "clean"
	lineSigned = "signed"
)

// A ledger is what was done already, and takes what is done now.
type ledger struct {
	rule   *line
	signed map[string]line // by name
	clean  map[string]line // by name; the newest

	mu      sync.Mutex
	file    *os.File
	written int // lines
	syncing sync.Mutex
	synced  int
}

// readLedger reads what there is. A line that cannot be read, as the last one after a power cut, is as if it were not there:
// what it told of is found in the folder.
func readLedger(folder string) (*ledger, error) {
	l := &ledger{signed: map[string]line{}, clean: map[string]line{}}
	path := filepath.Join(folder, LedgerName)
	f, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return l, nil
	}
	if err != nil {
		return nil, ErrLedger.at(path, err)
	}
	defer f.Close()
	in := bufio.NewReaderSize(f, maxLine)
	for {
		text, tooLong, err := in.ReadLine()
		for more := tooLong; more && err == nil; {
			_, more, err = in.ReadLine()
		}
		if errors.Is(err, io.EOF) {
			return l, nil
		}
		if err != nil {
			return nil, ErrLedger.at(path, err)
		}
		var row line
		if tooLong || json.Unmarshal(text, &row) != nil {
			continue
		}
		switch row.Kind {
		case lineBatch:
			l.rule = &row
		case lineClean:
			l.clean[row.Name] = row
		case lineSigned:
			l.signed[row.Name] = row
		}
	}
}

// open makes the ledger ready to be written to.
func (l *ledger) open(folder string) error {
	path := filepath.Join(folder, LedgerName)
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return diskError(folder, path, err)
	}
	l.file = f
	// After half a line the next one begins anew.
	info, err := f.Stat()
	if err == nil && info.Size() > 0 {
		last := make([]byte, 1)
		if _, err = f.ReadAt(last, info.Size()-1); err == nil && last[0] != '\n' {
			_, err = f.Write([]byte{'\n'})
		}
	}
	if err == nil {
		err = disk.SyncFolder(folder)
	}
	if err != nil {
		return errors.Join(ErrLedger.at(path, err), f.Close())
	}
	return nil
}

// add writes a line and returns when it is on the disk. Lines that several write at once share one sync.
func (l *ledger) add(row line) error {
	row.Time = time.Now().UTC().Truncate(time.Second)
	text, _ := json.Marshal(row) // of words, numbers and the time of now
	l.mu.Lock()
	_, err := l.file.Write(append(text, '\n'))
	l.written++
	mine := l.written
	l.mu.Unlock()
	if err != nil {
		return diskError(filepath.Dir(l.file.Name()), l.file.Name(), err)
	}
	l.syncing.Lock()
	defer l.syncing.Unlock()
	if l.synced >= mine {
		return nil
	}
	l.mu.Lock()
	upTo := l.written
	l.mu.Unlock()
	if err := l.file.Sync(); err != nil {
		return diskError(filepath.Dir(l.file.Name()), l.file.Name(), err)
	}
	l.synced = upTo
	return nil
}

func (l *ledger) close() error {
	if l.file == nil {
		return nil
	}
	return l.file.Close()
}
