package phone

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"net/http"
	"path"
	"strings"
	"time"
)

// Files are the app's, in the folder dist.
//
//go:embed dist
var Files embed.FS

// policy lets the app load and ask nothing but its own service; the reader of codes is WebAssembly.
const policy = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' data: blob:; " +
	"connect-src 'self'; manifest-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

var types = map[string]string{
	".html":        "text/html; charset=utf-8",
	".js":          "text/javascript; charset=utf-8",
	".css":         "text/css; charset=utf-8",
	".png":         "image/png",
	".wasm":        "application/wasm",
	".webmanifest": "application/manifest+json",
}

// Handler serves the app: at / and at /q, where QR codes lead, its page, beside that its files. Everything else is 404.
func Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{name}", func(w http.ResponseWriter, r *http.Request) { serve(w, r, r.PathValue("name")) })
	for _, page := range []string{"GET /{$}", "GET /q"} {
		mux.HandleFunc(page, func(w http.ResponseWriter, r *http.Request) { serve(w, r, "index.html") })
	}
	return mux
}

func serve(w http.ResponseWriter, r *http.Request, name string) {
	kind := types[path.Ext(name)]
	body, err := Files.ReadFile("dist/" + name)
	if err != nil || kind == "" || strings.Contains(name, "/") {
		http.NotFound(w, r)
		return
	}
	sum := sha256.Sum256(body)
	h := w.Header()
	h.Set("Content-Type", kind)
	h.Set("ETag", `"`+base64.RawURLEncoding.EncodeToString(sum[:12])+`"`)
	// A new build is asked for at once; what did not change is not sent again.
	h.Set("Cache-Control", "no-cache")
	h.Set("Content-Security-Policy", policy)
	h.Set("Permissions-Policy", "camera=(self), geolocation=(self), screen-wake-lock=(self), microphone=()")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	http.ServeContent(w, r, name, time.Time{}, bytes.NewReader(body))
}
