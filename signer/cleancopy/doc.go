// Package cleancopy makes the clean copy (清稿) of a contract: one PDF in which nothing is hidden.
//
// What comes in is a Word document (docx, doc) or a PDF; what it is, its content says, never its name. A Word document
// is cleaned in its own XML (package docx): every tracked change accepted, comments, hidden text, macros, embedded
// objects and everything that points outside taken away, fields frozen at what they show. Only then does LibreOffice
// (package office) turn it into PDF/A-2b, in a profile of its own, without network. A PDF is flattened, its pages alone are
// written into a new file, without layers that are off and text that does not show, and held against the original as
// pictures (package pdfcopy); the programs do that in a process of its own (package apart), which a hostile file may end. A
// PDF that bears a signature is never rewritten: its copy is byte-identical.
//
// The report names everything that was taken out and where it stood, so that a person can judge the copy before it is
// signed. What cannot be cleaned without a doubt is refused with a reason (package refusal). The input is read once
// into a private folder that is gone when Clean returns; the output gets its name only when it is complete on disk.
package cleancopy
