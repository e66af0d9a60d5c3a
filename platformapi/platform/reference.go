package platform

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"path"
	"unicode/utf8"

	"sealdesk/platformapi"
	"sealdesk/platformapi/web"
	"sealdesk/platformapi/web/header"
	"sealdesk/platformapi/wire"
)

// Template is a text to begin a contract with, held in memory.
type Template struct {
	platformapi.Template
	Content []byte `json:"-"`
}

const (
	templateIndex = "templates.json"
	maxTemplates  = 200
	maxTemplate   = 8 << 20 // bytes
)

// ReadTemplates reads templates.json in a folder, [{"id", "name", "note", "kind", "contract", "file"}…], and the files that it
// names, which are doc, docx or pdf.
func ReadTemplates(folder fs.FS) ([]Template, error) {
	data, err := fs.ReadFile(folder, templateIndex)
	if err != nil {
		return nil, fmt.Errorf("templates: %w", err)
	}
	var list []Template
	if err := json.Unmarshal(data, &list); err != nil {
		return nil, fmt.Errorf("templates: %s: %w", templateIndex, err)
	}
	if len(list) > maxTemplates {
		return nil, fmt.Errorf("templates: more than %d", maxTemplates)
	}
	seen := map[string]bool{}
	for i := range list {
		t := &list[i]
		if seen[t.ID] {
			return nil, fmt.Errorf("templates: %q stands there twice", t.ID)
		}
		seen[t.ID] = true
		if err := t.read(folder); err != nil {
			return nil, fmt.Errorf("templates: %q: %w", t.ID, err)
		}
	}
	return list, nil
}

func (t *Template) read(folder fs.FS) error {
	if !lotID().MatchString(t.ID) || t.Name == "" || utf8.RuneCountInString(t.Name) > maxName || t.File != path.Base(t.File) ||
		t.Kind != "" && !t.Kind.Valid() || t.Contract != "" && !t.Contract.Valid() {
		return errors.New("id, name, kind, contract or file is wrong")
	}
	info, err := fs.Stat(folder, t.File)
	if err != nil {
		return err
	}
	if info.Size() > maxTemplate {
		return fmt.Errorf("%s has more than %d bytes", t.File, maxTemplate)
	}
	if t.Content, err = fs.ReadFile(folder, t.File); err != nil {
		return err
	}
	media, err := mediaType(bytes.NewReader(t.Content))
	if err != nil {
		return err
	}
	if media == "" || !nameFits(t.File, media) {
		return fmt.Errorf("%s is neither doc, docx nor pdf, or its name says otherwise", t.File)
	}
	sum := sha256.Sum256(t.Content)
	t.Size, t.SHA256 = int64(len(t.Content)), hex.EncodeToString(sum[:])
	return nil
}

// GetTerms answers with the table of legal terms.
func (s *Server) GetTerms(context.Context, wire.GetTermsRequestObject) (wire.GetTermsResponseObject, error) {
	return wire.GetTerms200JSONResponse(s.cfg.Rules.Terms), nil
}

// GetCalendar answers with a year.
func (s *Server) GetCalendar(_ context.Context, r wire.GetCalendarRequestObject) (wire.GetCalendarResponseObject, error) {
	return wire.GetCalendar200JSONResponse(s.cfg.Rules.Calendar.Year(r.Year)), nil
}

// ListTemplates answers with the templates.
func (s *Server) ListTemplates(ctx context.Context, _ wire.ListTemplatesRequestObject) (wire.ListTemplatesResponseObject, error) {
	if _, _, err := s.who(ctx); err != nil {
		return nil, err
	}
	list := platformapi.TemplateList{Items: []platformapi.Template{}}
	for _, t := range s.cfg.Templates {
		list.Items = append(list.Items, t.Template)
	}
	return wire.ListTemplates200JSONResponse(list), nil
}

// DownloadTemplate answers with a template's bytes.
func (s *Server) DownloadTemplate(ctx context.Context, r wire.DownloadTemplateRequestObject) (wire.DownloadTemplateResponseObject, error) {
	if _, _, err := s.who(ctx); err != nil {
		return nil, err
	}
	for _, t := range s.cfg.Templates {
		if t.ID != r.TemplateID {
			continue
		}
		digest, err := header.FormatDigest(t.SHA256)
		if err != nil {
			return nil, err
		}
		return wire.DownloadTemplate200ApplicationOctetStreamResponse{
			Body: io.NopCloser(bytes.NewReader(t.Content)), ContentLength: t.Size,
			Headers: wire.DownloadTemplate200ResponseHeaders{ReprDigest: digest, ContentDisposition: attachmentName(t.File)},
		}, nil
	}
	return nil, web.Refuse(http.StatusNotFound, platformapi.CodeNotFound, "there is no such template")
}

// attachmentName is the Content-Disposition of a file to keep (RFC 8187).
func attachmentName(name string) string {
	return "attachment; filename*=UTF-8''" + url.PathEscape(name)
}
