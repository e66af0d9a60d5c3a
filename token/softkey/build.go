package softkey

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

//go:embed shim
var shim embed.FS

// Variant is a library that can be built: an interface, and what a vendor added to it.
type Variant string

const (
	// PKCS11 is a PKCS #11 library: C_GetFunctionList and what it lists.
	PKCS11 Variant = "pkcs11"
	// SKF follows GM/T 0016-2012 and no more: decryption by SKF_ImportSessionKey alone.
	SKF Variant = "skf"
	// SKFLongmai adds SKF_ECCPrvKeyDecrypt (4 arguments) and SKF_RSAPrvKeyDecrypt (5).
	SKFLongmai Variant = "skf_longmai"
	// SKFKeyspec adds SKF_PrvKeyDecrypt (5) and SKF_RSADecrypt (6), both with the key to use (1 encryption, 2 signing).
	SKFKeyspec Variant = "skf_keyspec"
	// SKFHaitai adds SKF_ECCDecrypt (4) and SKF_RSADecrypt (5).
	SKFHaitai Variant = "skf_haitai"
	// SKFCCore adds V_ECCPrvKeyDecrypt (5) and V_RSAPrvKeyDecrypt (5).
	SKFCCore Variant = "skf_ccore"
	// SKFDraft2010 follows the draft of 2010: SKF_ReadCert, an SKF_ECCSignData of 5 arguments, public keys of 136 bytes, and
	// SKF_ECCDecrypt and SKF_RSADecrypt as SKFHaitai has them.
	SKFDraft2010 Variant = "skf_draft2010"
)

// definitions are what the compiler is told for each variant.
var definitions = map[Variant][]string{
	PKCS11:       {"pkcs11.c"},
	SKF:          {"skf.c"},
	SKFLongmai:   {"skf.c", "-DDECRYPT_LONGMAI"},
	SKFKeyspec:   {"skf.c", "-DDECRYPT_KEYSPEC"},
	SKFHaitai:    {"skf.c", "-DDECRYPT_HAITAI"},
	SKFCCore:     {"skf.c", "-DDECRYPT_CCORE"},
	SKFDraft2010: {"skf.c", "-DDECRYPT_HAITAI", "-DDRAFT_2010"},
}

// Variants lists what can be built.
func Variants() []Variant {
	return []Variant{PKCS11, SKF, SKFLongmai, SKFKeyspec, SKFHaitai, SKFCCore, SKFDraft2010}
}

// What the functions of each interface return when no server answers: SAR_DEVICE_REMOVED, CKR_DEVICE_REMOVED.
const (
	skfGone    = "-DGONE=0x0A000023UL"
	pkcs11Gone = "-DGONE=0x32UL"
)

const compileTime = time.Minute

// Build compiles the library into the folder, which must be there, as libsoftkey_<variant>.so, and gives its path. It needs a C
// compiler: $CC, or cc.
func Build(dir string, v Variant) (string, error) {
	define, ok := definitions[v]
	if !ok {
		return "", fmt.Errorf("there is no variant %q of the software key's library", v)
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	src, err := os.MkdirTemp("", "softkey-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(src)
	if err := os.CopyFS(src, shim); err != nil {
		return "", err
	}
	gone := skfGone
	if v == PKCS11 {
		gone = pkcs11Gone
	}
	compiler := os.Getenv("CC")
	if compiler == "" {
		compiler = "cc"
	}
	path := filepath.Join(dir, "libsoftkey_"+string(v)+".so")
	args := append([]string{
		"-std=c11", "-O2", "-Wall", "-Wextra", "-Werror", "-fPIC", "-shared", "-fvisibility=hidden",
		gone, fmt.Sprintf("-DVARIANT=%q", v), "-o", path, "wire.c", "host_unix.c",
	}, define...)
	ctx, cancel := context.WithTimeout(context.Background(), compileTime)
	defer cancel()
	cmd := exec.CommandContext(ctx, compiler, append(args, "-lpthread", "-ldl")...)
	cmd.Dir = filepath.Join(src, "shim")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", errors.Join(fmt.Errorf("compiling the software key's library: %s", out), err)
	}
	return path, nil
}
