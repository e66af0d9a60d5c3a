package phone

import (
	"embed"
	"io/fs"
)

//go:embed dist
var dist embed.FS

// Files are the app's: index.html at the root, beside it all that it loads. Served from one origin with the API, at / and,
// for the address in QR codes, index.html at /q too. The reader of QR codes is WebAssembly, which a policy must let run;
// beyond that the app needs nothing but its own origin.
var Files = root()

func root() fs.FS {
	files, err := fs.Sub(dist, "dist")
	if err != nil {
		panic(err) // the name is right above
	}
	return files
}
