package kind

// Schema is an error of a whole schema.
type Schema struct{}

// KeywordPath is empty.
func (*Schema) KeywordPath() []string { return nil }

// Group is an error of several keywords.
type Group struct{}

// KeywordPath is empty.
func (*Group) KeywordPath() []string { return nil }

// Reference is an error of what is referred to.
type Reference struct{}

// KeywordPath is empty.
func (*Reference) KeywordPath() []string { return nil }
