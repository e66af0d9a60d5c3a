// Package finding holds what judging a document yields: findings with a stable
// code, how grave each is, and the verdict that they add up to. Whoever judges
// keeps a Catalogue of the findings it knows; nothing here knows what is judged.
package finding
