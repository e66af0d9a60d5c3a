// Package office runs LibreOffice without a window to turn one document into another format.
//
// Each conversion gets a profile of its own that is gone afterwards, so that nothing of the person's own settings,
// macros or recent files takes part. The profile refuses macros and linked content and sends every connection to a
// closed port; on Linux the process is put into a network namespace without any interface where the kernel permits.
// The process is started in a group of its own, and the whole group is ended when time is up, the caller cancels or the
// result grows too large. A fresh profile costs about 0.2 s and is preferred to a shared one that could go wrong.
package office
