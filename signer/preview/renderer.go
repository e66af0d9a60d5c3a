package preview

import (
	"context"
	"fmt"
	"io"
	"os"
	"runtime"
	"sync"
	"time"

	"github.com/klippa-app/go-pdfium"
	"github.com/klippa-app/go-pdfium/webassembly"
	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental"
)

// Options tune a Renderer. The zero value is useful.
type Options struct {
	// CacheDir keeps PDFium's compiled code, about 21 MB, which saves some
	// seconds at each start. It is made with mode 0700. A folder that others may
	// write to is not used, since what lies there is run. Empty means no cache.
	CacheDir string
	// MaxBytes bounds a document; default 512 MiB.
	MaxBytes int64
	// Timeout bounds each call on a document beyond the context's own deadline;
	// default 20 seconds. The start of the engine is not counted.
	Timeout time.Duration
	// MaxOpen bounds the documents that are open at once; default 16. To open one
	// more waits.
	MaxOpen int
}

const (
	defaultMaxBytes = 512 << 20
	defaultTimeout  = 20 * time.Second
	defaultMaxOpen  = 16

	// memoryPages bounds the memory of one document's engine: 2 GiB in pages of
	// 64 KiB, four times the largest document.
	memoryPages = 2 << 30 >> 16

	// grace is how long a cancelled call may take to end by itself. Most pages are
	// done sooner, and a document that was not torn down need not be read again.
	grace = 150 * time.Millisecond

	// burial is how long a stopped call may take to give up its memory.
	burial = 2 * time.Second
)

// A Renderer owns the page engine, which starts with the first document. It may
// be used by several goroutines at once.
type Renderer struct {
	opts Options

	mu      sync.Mutex
	starts  chan struct{} // closed when the start has ended; nil before it began
	pool    pdfium.Pool
	failure error
	closed  bool
}

// New returns a Renderer and does nothing else.
func New(opts Options) *Renderer {
	if opts.MaxBytes <= 0 {
		opts.MaxBytes = defaultMaxBytes
	}
	if opts.Timeout <= 0 {
		opts.Timeout = defaultTimeout
	}
	if opts.MaxOpen <= 0 {
		opts.MaxOpen = defaultMaxOpen
	}
	return &Renderer{opts: opts}
}

// Warm starts the engine, so that the first document opens without a wait. The
// start itself goes on if ctx ends first. Errors: ErrEngine, ErrClosed, ErrTimeout.
func (r *Renderer) Warm(ctx context.Context) error {
	_, err := r.engine(ctx)
	return err
}

// Close stops the engine. Documents that are still open stop working.
func (r *Renderer) Close() error {
	r.mu.Lock()
	starts := r.starts
	wasClosed := r.closed
	r.closed = true
	r.mu.Unlock()
	if wasClosed || starts == nil {
		return nil
	}
	<-starts
	r.mu.Lock()
	pool := r.pool
	r.pool = nil
	r.mu.Unlock()
	if pool == nil {
		return nil
	}
	return pool.Close()
}

// engine returns the running engine.
func (r *Renderer) engine(ctx context.Context) (pdfium.Pool, error) {
	r.mu.Lock()
	if r.closed {
		r.mu.Unlock()
		return nil, ErrClosed
	}
	if r.starts == nil {
		r.starts = make(chan struct{})
		go r.start(r.starts)
	}
	starts := r.starts
	r.mu.Unlock()

	select {
	case <-starts:
	case <-ctx.Done():
		return nil, ended(ctx)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case r.failure != nil:
		return nil, ErrEngine.because(r.failure)
	case r.pool == nil:
		return nil, ErrClosed
	}
	return r.pool, nil
}

func (r *Renderer) start(done chan<- struct{}) {
	defer close(done)
	config := wazero.NewRuntimeConfig().
		// PDFium's error handling is built on WebAssembly exceptions.
		WithCoreFeatures(api.CoreFeaturesV2 | experimental.CoreFeaturesExceptionHandling).
		WithMemoryLimitPages(memoryPages).
		// Doubles the time of a page, and is what makes a deadline hold: code
		// without these checks cannot be stopped, and keeps the garbage collector
		// of the whole program waiting.
		WithCloseOnContextDone(true)
	if cache := openCache(r.opts.CacheDir); cache != nil {
		config = config.WithCompilationCache(cache)
	}
	pool, err := webassembly.Init(webassembly.Config{
		MaxTotal:      r.opts.MaxOpen,
		FSConfig:      wazero.NewFSConfig(), // empty: the default would show the whole disk
		RuntimeConfig: config,
		Stdout:        io.Discard,
		Stderr:        io.Discard,
	})
	r.mu.Lock()
	r.pool, r.failure = pool, err
	r.mu.Unlock()
}

// openCache returns the cache of compiled code, or nil where there is none to be
// trusted: it is only a matter of speed.
func openCache(dir string) wazero.CompilationCache {
	if dir == "" || os.MkdirAll(dir, 0o700) != nil {
		return nil
	}
	info, err := os.Stat(dir)
	if err != nil || !info.IsDir() {
		return nil
	}
	if runtime.GOOS != "windows" && info.Mode().Perm()&0o022 != 0 {
		return nil
	}
	cache, err := wazero.NewCompilationCacheWithDir(dir)
	if err != nil {
		return nil
	}
	return cache
}

// instance returns a sandbox of its own for one document.
func (r *Renderer) instance(ctx context.Context) (pdfium.Pdfium, error) {
	pool, err := r.engine(ctx)
	if err != nil {
		return nil, err
	}
	instance, err := pool.GetInstanceWithContext(ctx)
	if err != nil {
		if ctx.Err() != nil {
			return nil, ended(ctx)
		}
		return nil, ErrEngine.because(err)
	}
	return instance, nil
}

// guarded runs f, which uses the instance, and stops the instance when ctx ends
// before f does. alive says whether the instance may be used again.
func guarded(ctx context.Context, instance pdfium.Pdfium, f func() error) (alive bool, err error) {
	if ctx.Err() != nil {
		return true, ended(ctx)
	}
	done := make(chan error, 1)
	go func() {
		defer func() {
			if p := recover(); p != nil {
				done <- fmt.Errorf("the page engine failed: %v", p)
			}
		}()
		done <- f()
	}()
	select {
	case err := <-done:
		return err == nil, err
	case <-ctx.Done():
	}
	select {
	case err := <-done:
		if err == nil {
			return true, ended(ctx)
		}
		return false, ended(ctx)
	case <-time.After(grace):
	}
	// Compiled code looks at its context at each loop and call, so it ends soon.
	_ = instance.Kill()
	select {
	case <-done:
	case <-time.After(burial):
	}
	return false, ended(ctx)
}
