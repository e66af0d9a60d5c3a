// Package judgement puts what the verifier found about a file into the person's
// words: the sentence on the whole, then for each signature whose it is, when,
// by which seal, and what was found. The page 验证文件 shows it; Paper writes it
// down as a PDF for the records.
package judgement
