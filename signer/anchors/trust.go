package anchors

import (
	"bytes"
	"crypto/sha1"
	"encoding/hex"
	"encoding/xml"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/emmansun/gmsm/smx509"
)

// maxNesting bounds how deep a property list is nested; one of trust settings has five levels.
const maxNesting = 16

// What macOS says of a certificate in its trust settings (SecTrustSettings.h, SecTrustSettingsResult).
const (
	trustRoot   = "1" // also where nothing is said
	trustAsRoot = "2"
	trustDeny   = "3"
)

// trustSettings are what macOS was told of certificates, by the upper-case SHA-1 of each: whether it is believed. One that it was told
// nothing of is not there.
type trustSettings map[string]bool

// parseTrust reads trust settings as `security trust-settings-export` writes them, an XML property list. A certificate is believed
// that is trusted for all, or for TLS or X.509 in general; one that is denied for anything is not.
func parseTrust(data []byte) (trustSettings, error) {
	root, err := readPlist(data)
	if err != nil {
		return nil, fmt.Errorf("anchors: the trust settings: %w", err)
	}
	list, ok := root["trustList"].(map[string]any)
	if !ok {
		return nil, errors.New("anchors: the trust settings have no list")
	}
	settings := trustSettings{}
	for sum, entry := range list {
		said, ok := entry.(map[string]any)
		if !ok {
			return nil, errors.New("anchors: trust settings of another form")
		}
		if believed, told := judge(said); told {
			settings[strings.ToUpper(sum)] = believed
		}
	}
	return settings, nil
}

// judge weighs what was said of one certificate.
func judge(said map[string]any) (believed, told bool) {
	constraints, _ := said["trustSettings"].([]any)
	if len(constraints) == 0 { // trusted for all, by the header's words
		return true, true
	}
	for _, c := range constraints {
		one, _ := c.(map[string]any)
		result, given := one["kSecTrustSettingsResult"].(string)
		if result == trustDeny {
			return false, true
		}
		policy, _ := one["kSecTrustSettingsPolicyName"].(string)
		_, special := one["kSecTrustSettingsPolicy"]
		if special && !slices.Contains([]string{"sslServer", "basicX509"}, policy) {
			continue
		}
		if !given || result == trustRoot || result == trustAsRoot {
			believed, told = true, true
		}
	}
	return believed, told
}

// believed are those of a system's certificates that it came with, and those that an administrator had it trust; but none that the
// administrator or the person denied.
func believed(all, builtIn []*smx509.Certificate, admin, person trustSettings) []*smx509.Certificate {
	came := map[string]bool{}
	for _, c := range builtIn {
		came[fingerprint(c)] = true
	}
	var out []*smx509.Certificate
	for _, c := range all {
		sum := fingerprint(c)
		byAdmin, told := admin[sum]
		byPerson, toldPerson := person[sum]
		if told && !byAdmin || toldPerson && !byPerson {
			continue
		}
		if came[sum] || byAdmin {
			out = append(out, c)
		}
	}
	return out
}

// fingerprint is the name of a certificate in trust settings.
func fingerprint(c *smx509.Certificate) string {
	sum := sha1.Sum(c.Raw)
	return strings.ToUpper(hex.EncodeToString(sum[:]))
}

// readPlist reads an XML property list whose top is a dictionary: dictionaries, arrays, and the text of all else.
func readPlist(data []byte) (map[string]any, error) {
	d := xml.NewDecoder(bytes.NewReader(data))
	for {
		start, err := nextStart(d)
		if err != nil {
			return nil, err
		}
		if start.Name.Local == "plist" {
			continue
		}
		v, err := plistValue(d, start, 0)
		if err != nil {
			return nil, err
		}
		if root, ok := v.(map[string]any); ok {
			return root, nil
		}
		return nil, errors.New("no dictionary")
	}
}

// nextStart gives the next element that begins; a zero one when an element ends first.
func nextStart(d *xml.Decoder) (xml.StartElement, error) {
	for {
		t, err := d.Token()
		if err != nil {
			return xml.StartElement{}, err
		}
		switch t := t.(type) {
		case xml.StartElement:
			return t, nil
		case xml.EndElement:
			return xml.StartElement{}, nil
		}
	}
}

func plistValue(d *xml.Decoder, start xml.StartElement, depth int) (any, error) {
	if depth > maxNesting {
		return nil, errors.New("nested too deep")
	}
	switch start.Name.Local {
	case "dict":
		m := map[string]any{}
		for {
			key, err := nextStart(d)
			if err != nil || key.Name.Local == "" {
				return m, err
			}
			var name string
			if key.Name.Local != "key" {
				return nil, errors.New("a value without a key")
			}
			if err := d.DecodeElement(&name, &key); err != nil {
				return nil, err
			}
			of, err := nextStart(d)
			if err == nil && of.Name.Local == "" {
				err = errors.New("a key without a value")
			}
			if err != nil {
				return nil, err
			}
			if m[name], err = plistValue(d, of, depth+1); err != nil {
				return nil, err
			}
		}
	case "array":
		list := []any{}
		for {
			of, err := nextStart(d)
			if err != nil || of.Name.Local == "" {
				return list, err
			}
			v, err := plistValue(d, of, depth+1)
			if err != nil {
				return nil, err
			}
			list = append(list, v)
		}
	}
	var text string
	err := d.DecodeElement(&text, &start)
	return strings.TrimSpace(text), err
}
