package revocation

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"sealdesk/signer/disk"
)

// Bounds on a Cache.
const (
	maxCacheBytes = 128 << 20
	maxCacheFiles = 2000
)

const cacheSuffix = ".der"

// Cache keeps answers in a folder while they hold, so that the same list is not
// fetched for each signature. Only its user may read it: the files tell whose
// certificates were looked at. It may be used by several goroutines and programs;
// losing it costs nothing but time, so that its own failures are not told.
type Cache struct {
	dir string
	mu  sync.Mutex
}

// OpenCache makes the folder, mode 0700, when it is not there.
func OpenCache(dir string) (*Cache, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	return &Cache{dir: dir}, nil
}

// cacheKey is a file name for what the parts say together.
func cacheKey(kind string, parts ...[]byte) string {
	h := sha256.New()
	for _, p := range parts {
		h.Write(binary.BigEndian.AppendUint64(nil, uint64(len(p))))
		h.Write(p)
	}
	return kind + "-" + hex.EncodeToString(h.Sum(nil)) + cacheSuffix
}

func (c *Cache) get(key string) ([]byte, bool) {
	data, err := disk.Read(filepath.Join(c.dir, key), MaxCRL)
	return data, err == nil
}

// put keeps an answer until a moment, which becomes the file's time: what is older
// than now is thrown away, and when it is too much, what ends first.
func (c *Cache) put(key string, der []byte, until, now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	path := filepath.Join(c.dir, key)
	if disk.Write(path, bytes.NewReader(der)) == nil && os.Chtimes(path, until, until) == nil {
		c.sweep(now)
	}
}

func (c *Cache) sweep(now time.Time) {
	entries, err := os.ReadDir(c.dir)
	if err != nil {
		return
	}
	var files []os.FileInfo
	for _, e := range entries {
		if info, err := e.Info(); err == nil && (strings.HasSuffix(e.Name(), cacheSuffix) || disk.IsDraft(e.Name())) {
			files = append(files, info)
		}
	}
	slices.SortFunc(files, func(a, b os.FileInfo) int { return b.ModTime().Compare(a.ModTime()) })
	var total int64
	for i, f := range files {
		total += f.Size()
		if i >= maxCacheFiles || total > maxCacheBytes || f.ModTime().Add(skew).Before(now) {
			_ = os.Remove(filepath.Join(c.dir, f.Name())) // another program may have been quicker
		}
	}
}
