// Package xmltree holds one XML part of an office document as a tree that can be rewritten and printed again.
//
// It exists because a hostile part must not choose how it is read: namespaces are resolved while reading, so that a
// renamed prefix hides nothing; a document type, an entity, a processing instruction, a foreign encoding, a nesting
// too deep or a part too large is an error before memory is spent on it. Prefixes are kept as they were written,
// because attributes such as mc:Ignorable refer to them by name.
package xmltree
