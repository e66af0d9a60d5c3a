package bid_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/emmansun/gmsm/smx509"

	"sealdesk/signer/bid"
	"sealdesk/signer/cms/cmstest"
)

// killed names, in a child's environment, the folder that it works in until it is killed.
const killed = "SEALDESK_BID_KILLED"

// secretText is what no file may hold but the sources and what was decrypted to the end.
var secretText = []byte("报价三百二十八万六千元整 SECRET PRICE ")

func TestMain(m *testing.M) {
	if dir := os.Getenv(killed); dir != "" {
		workUntilKilled(dir)
	}
	os.Exit(m.Run())
}

// workUntilKilled builds a bid and decrypts it, again and again, and says before each that it begins.
func workUntilKilled(dir string) {
	fatal := func(err error) {
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	bidder, err := keyIn(filepath.Join(vectors, "keys", "bidder-sm2.pem"))
	fatal(err)
	signer, err := keyIn(filepath.Join(dir, "signer.pem"))
	fatal(err)
	for n := 0; ; n++ {
		b := bid.Builder{
			Tender: "T", Lot: "1", Bidder: bid.Bidder{Code: "91330100MA27XXXX0X", Name: "某某公司"}, Program: "test", Price: price, PriceEnvelope: "报价",
			Parts:  []bid.Source{{Code: "a", Kind: "price", Name: "a.pdf", Envelope: "报价", Path: filepath.Join(dir, "source", "a")}},
			Signer: signer.Decrypter.(crypto.Signer), Chain: []*smx509.Certificate{signer.Certificate},
			Recipients: []*smx509.Certificate{bidder.Certificate}, ChunkSize: 16 << 10,
			Out: filepath.Join(dir, "bids", fmt.Sprintf("%d.bid", n)),
		}
		fmt.Println(n)
		_, err := b.Build(context.Background())
		fatal(err)
		f, err := bid.OpenFile(b.Out)
		fatal(err)
		opened, err := f.OpenInner("报价", bidder)
		fatal(err)
		r, err := opened.Part("a")
		fatal(err)
		fatal(r.Save(context.Background(), filepath.Join(dir, "parts", fmt.Sprintf("%d", n)), nil))
		f.Close()
	}
}

// A process that is killed at any moment leaves no readable content but whole parts under their names, and no half bid under a name.
func TestKilledAtAnyMoment(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("only Linux has files without a name")
	}
	dir := t.TempDir()
	for _, name := range []string{"source", "bids", "parts"} {
		if err := os.Mkdir(filepath.Join(dir, name), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	content := bytes.Repeat(secretText, 2<<20/len(secretText))
	if err := os.WriteFile(filepath.Join(dir, "source", "a"), content, 0o600); err != nil {
		t.Fatal(err)
	}
	signer := cmstest.New(t, "sm2", cmstest.Options{})
	writeKey(t, filepath.Join(dir, "signer.pem"), bid.Key{Certificate: signer.Chain[0], Decrypter: signer.Key.(crypto.Decrypter)})
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	interrupted := map[string]int{}
	for range 25 {
		cmd := exec.Command(self)
		cmd.Env = append(os.Environ(), killed+"="+dir)
		var errs bytes.Buffer
		cmd.Stderr = &errs
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		if _, err := bufio.NewReader(out).ReadString('\n'); err != nil {
			_ = cmd.Wait()
			t.Fatalf("the child said nothing: %v\n%s", err, errs.Bytes())
		}
		time.Sleep(time.Duration(rand.IntN(60)) * time.Millisecond)
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, out)
		_ = cmd.Wait() // it was killed
		interrupted[inspect(t, dir, content)]++
	}
	if interrupted["building"] == 0 {
		t.Errorf("the kills hit no building: %v", interrupted)
	}
}

// inspect looks at what a killed process left, takes it away, and tells what it was at.
func inspect(t *testing.T, dir string, content []byte) string {
	t.Helper()
	bids, parts := 0, 0
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		switch folder := filepath.Base(filepath.Dir(path)); {
		case folder == "bids" && strings.HasSuffix(path, ".bid"):
			bids++
			if bytes.Contains(data, secretText) {
				t.Errorf("%s can be read", path)
			}
			f, err := bid.OpenFile(path)
			if err != nil {
				t.Errorf("half a bid: %v", err)
				break
			}
			f.Close()
		case folder == "parts" && !strings.HasPrefix(d.Name(), "."):
			parts++
			if !bytes.Equal(data, content) {
				t.Errorf("half a part of %d bytes", len(data))
			}
		case folder == "bids" || folder == "parts":
			t.Errorf("left: %s, %d bytes, readable: %v", path, len(data), bytes.Contains(data, secretText))
		default:
			return nil
		}
		return os.Remove(path)
	})
	if err != nil {
		t.Fatal(err)
	}
	if bids > parts {
		return "decrypting"
	}
	return "building"
}
