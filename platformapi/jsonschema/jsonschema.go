package jsonschema

import "errors"

// ErrUnknown is the answer to every schema.
var ErrUnknown = errors.New("jsonschema: this program reads no JSON Schema, which documents of OpenAPI 3.1 and later hold")

// Draft is a version of JSON Schema.
type Draft struct{}

// Draft2020 is what OpenAPI 3.1 uses.
var Draft2020 = &Draft{}

// Format judges the values of a format.
type Format struct {
	Name     string
	Validate func(v any) error
}

// Compiler takes schemas, and compiles none.
type Compiler struct{}

// NewCompiler makes one.
func NewCompiler() *Compiler { return &Compiler{} }

// DefaultDraft changes nothing.
func (c *Compiler) DefaultDraft(*Draft) {}

// RegisterFormat changes nothing.
func (c *Compiler) RegisterFormat(*Format) {}

// AssertFormat changes nothing.
func (c *Compiler) AssertFormat() {}

// AddResource fails with ErrUnknown.
func (c *Compiler) AddResource(url string, doc any) error { return ErrUnknown }

// Compile fails with ErrUnknown.
func (c *Compiler) Compile(url string) (*Schema, error) { return nil, ErrUnknown }

// Schema is what Compile would make.
type Schema struct{}

// Validate fails with ErrUnknown.
func (s *Schema) Validate(v any) error { return ErrUnknown }

// ErrorKind tells why a value is not valid.
type ErrorKind interface{ KeywordPath() []string }

// ValidationError is never made.
type ValidationError struct {
	SchemaURL        string
	InstanceLocation []string
	ErrorKind        ErrorKind
	Causes           []*ValidationError
}

func (e *ValidationError) Error() string { return ErrUnknown.Error() }
