package office

import (
	"bytes"
	"context"
	"crypto/md5" // the name that LibreOffice gives its own socket, no more
	"encoding/xml"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"unicode/utf16"

	"sealdesk/signer/cleancopy/fonts"
)

// profile is a private LibreOffice profile with a folder for temporary files beside it.
type profile struct {
	fonts [32]byte // digest of what was installed when it was made
	dir   string   // absolute
	pipe  pipe
}

func (p profile) user() string { return filepath.Join(p.dir, "profile") }
func (p profile) tmp() string  { return filepath.Join(p.dir, "tmp") }

// traces are the paths that LibreOffice and we leave for this profile, to be removed with it.
func (p profile) traces() []string { return []string{p.dir, p.pipe.folder, singleOffice(p.user())} }

// remove leaves nothing of the profile behind.
func (p profile) remove() {
	for _, path := range p.traces() {
		if path != "" {
			_ = os.RemoveAll(path) // nobody knows its name
		}
	}
}

// profile makes one in dir, which does not exist yet. Fonts that are missing get their replacements in it.
func (o Office) profile(ctx context.Context, dir string) (profile, error) {
	p := profile{dir: dir}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return p, err
	}
	p.dir = dir
	for _, d := range []string{p.tmp(), filepath.Join(p.user(), "user", "extensions")} {
		if err := os.MkdirAll(d, 0o700); err != nil {
			return p, err
		}
	}
	installed, err := fonts.Installed(ctx)
	if ctx.Err() != nil {
		return p, context.Cause(ctx)
	}
	if err != nil {
		installed = nil // then LibreOffice chooses stand-ins by itself
	}
	p.fonts = installed.Digest()
	path := filepath.Join(p.user(), "user", "registrymodifications.xcu")
	if err := os.WriteFile(path, configuration(installed.Replacements()), 0o600); err != nil {
		return p, err
	}
	if id := buildID(o.Program); id != "" {
		err = os.WriteFile(filepath.Join(p.user(), "user", "extensions", "buildid"), []byte(id), 0o600)
		if err != nil {
			return p, err
		}
	}
	return p, nil
}

// current tells whether the fonts are still those that the profile was made for.
func (p profile) current(ctx context.Context) bool {
	installed, err := fonts.Installed(ctx)
	return err == nil && installed.Digest() == p.fonts
}

// buildID is the build of an installed LibreOffice, "" when it is not found. A profile that names another one or none
// makes LibreOffice clear its extensions and start itself once more, which costs a fifth of a second.
func buildID(program string) string {
	real, err := filepath.EvalSymlinks(program)
	if err != nil {
		return ""
	}
	for _, name := range []string{"versionrc", "version.ini", "../Resources/versionrc"} {
		data, err := os.ReadFile(filepath.Join(filepath.Dir(real), name))
		if err != nil {
			continue
		}
		for line := range bytes.Lines(data) {
			if id, ok := bytes.CutPrefix(line, []byte("buildid=")); ok {
				return string(bytes.TrimSpace(id))
			}
		}
	}
	return ""
}

// setting is a property of LibreOffice's configuration.
type setting struct{ path, name, value string }

// settings of the private profile: no macros, nothing linked is loaded or updated, every connection goes to the discard
// port of this machine, no Java, and nothing asks, remembers or announces itself.
var settings = []setting{
	{"Office.Common/Security/Scripting", "MacroSecurityLevel", "3"},
	{"Office.Common/Security/Scripting", "DisableMacrosExecution", "true"},
	{"Office.Common/Security/Scripting", "BlockUntrustedRefererLinks", "true"},
	{"Office.Common/Security/Scripting", "CheckDocumentEvents", "true"},
	{"Office.Writer/Content/Update", "Link", "2"},
	{"Office.Common/Save/Document", "CreateBackup", "false"},
	{"Office.Common/Misc", "FirstRun", "false"},
	{"Office.Common/Misc", "CrashReport", "false"},
	{"Office.Common/History", "PickListSize", "0"},
	{"Office.Java/VirtualMachine", "Enable", "false"},
	{"Setup/Product", "ooSetupLastVersion", "99.9"},             // an older one makes it test its drawing first, for 0.7 s
	{"Office.Linguistic/General", "DefaultLocale_CJK", "zh-CN"}, // text without a language gets Chinese shapes
	{"Inet/Settings", "ooInetProxyType", "2"},
	{"Inet/Settings", "ooInetHTTPProxyName", "127.0.0.1"},
	{"Inet/Settings", "ooInetHTTPProxyPort", "9"},
	{"Inet/Settings", "ooInetHTTPSProxyName", "127.0.0.1"},
	{"Inet/Settings", "ooInetHTTPSProxyPort", "9"},
	{"Inet/Settings", "ooInetFTPProxyName", "127.0.0.1"},
	{"Inet/Settings", "ooInetFTPProxyPort", "9"},
	{"Inet/Settings", "ooInetNoProxy", ""},
}

// configuration is the profile's configuration file.
func configuration(replace []fonts.Replacement) []byte {
	var b bytes.Buffer
	b.WriteString(`<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry" xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
`)
	for _, s := range settings {
		fmt.Fprintf(&b, "<item oor:path=\"/org.openoffice.%s\">%s</item>\n", s.path, property(s.name, s.value))
	}
	if len(replace) > 0 {
		fmt.Fprintf(&b, "<item oor:path=\"/org.openoffice.Office.Common/Font/Substitution\">%s</item>\n", property("Replacement", "true"))
	}
	for i, r := range replace {
		fmt.Fprintf(&b, "<item oor:path=\"/org.openoffice.Office.Common/Font/Substitution/FontPairs\"><node oor:name=\"_%d\" oor:op=\"replace\">%s%s%s%s</node></item>\n",
			i, property("ReplaceFont", r.Name), property("SubstituteFont", r.By), property("Always", "true"), property("OnScreenOnly", "false"))
	}
	b.WriteString("</oor:items>\n")
	return b.Bytes()
}

func property(name, value string) string {
	var v strings.Builder
	_ = xml.EscapeText(&v, []byte(value)) // a Builder takes everything
	return fmt.Sprintf(`<prop oor:name="%s" oor:op="fuse"><value>%s</value></prop>`, name, v.String())
}

// singleOffice is the socket by which a second LibreOffice with the same profile would find the first, on systems where
// it is a file. LibreOffice removes it when it ends by itself.
func singleOffice(user string) string {
	if pipeFolder() == "" {
		return ""
	}
	sum := md5.New()
	for _, u := range utf16.Encode([]rune(fileURL(user))) {
		sum.Write([]byte{byte(u), byte(u >> 8)})
	}
	var name strings.Builder
	for _, b := range sum.Sum(nil) {
		fmt.Fprintf(&name, "%x", b)
	}
	return pipePath("SingleOfficeIPC_" + name.String())
}
