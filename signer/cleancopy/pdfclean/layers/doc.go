// Package layers decides which of a PDF's layers, its optional content (ISO 32000-1, 8.11), are shown when the document
// is printed as it comes: by the default configuration with its base state and lists, by usage, and for memberships by
// policy or visibility expression. What is printed, and not what a screen could be switched to, is the contract.
//
// Readers disagree about layers whose usage says one thing and whose configuration another. Such a layer is Disputed: it
// is neither kept nor dropped on a guess.
package layers
