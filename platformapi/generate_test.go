package platformapi_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// TestGeneratedCodeIsOfThisDocument generates again and compares.
func TestGeneratedCodeIsOfThisDocument(t *testing.T) {
	if _, err := exec.LookPath("go"); err != nil {
		t.Skip("no go command")
	}
	for _, g := range []struct{ document, config, dir, file string }{ // the document as seen from the folder
		{"openapi.yaml", "models.yaml", ".", "models.gen.go"},
		{"../openapi.yaml", "wire.yaml", "wire", "wire.gen.go"},
		{"../openapi.yaml", "wire.yaml", "mobileca/wire", "wire.gen.go"},
	} {
		t.Run(filepath.Join(g.dir, g.file), func(t *testing.T) {
			t.Parallel()
			config, err := os.ReadFile(filepath.Join(g.dir, g.config))
			if err != nil {
				t.Fatal(err)
			}
			// Without an output the code goes to standard output.
			config = bytes.Replace(config, []byte("output: "+g.file+"\n"), nil, 1)
			toStdout := filepath.Join(t.TempDir(), "config.yaml")
			if err := os.WriteFile(toStdout, config, 0o600); err != nil {
				t.Fatal(err)
			}
			cmd := exec.Command("go", "tool", "oapi-codegen", "-config", toStdout, g.document)
			cmd.Dir = g.dir
			var msg bytes.Buffer
			cmd.Stderr = &msg
			want, err := cmd.Output()
			if err != nil {
				t.Fatalf("%v: %s", err, msg.String())
			}
			got, err := os.ReadFile(filepath.Join(g.dir, g.file))
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got, want) {
				t.Errorf("%s is not what %s generates; run go generate ./platformapi/...", filepath.Join(g.dir, g.file), g.document)
			}
		})
	}
}

// TestDocumentsNeedNoJSONSchema: a document of OpenAPI 3.1 would have its schemas judged by package jsonschema, which knows none.
func TestDocumentsNeedNoJSONSchema(t *testing.T) {
	for _, document := range []string{"openapi.yaml", "mobileca/openapi.yaml"} {
		data, err := os.ReadFile(document)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.HasPrefix(data, []byte("openapi: 3.0.")) {
			t.Errorf("%s is not of OpenAPI 3.0: let go.mod use the real github.com/santhosh-tekuri/jsonschema", document)
		}
	}
}
