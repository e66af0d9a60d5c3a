// Package office runs LibreOffice without a window to turn one document into another format.
//
// LibreOffice works with a private profile that is gone afterwards, so that nothing of the person's own settings, macros or
// recent files takes part. The profile refuses macros and linked content and sends every connection to a closed port; on
// Linux the process is put into a network namespace without any interface where the kernel permits. Its processes form a
// group, which is ended as a whole when time is up, the caller cancels, memory or result grow too large, or we end,
// whichever way. Fonts that are missing are replaced by those that package fonts chooses.
//
// Office starts it for one document. Warm keeps it running and tells it over a socket or pipe that only this user can open
// (package urp) what to do next; it listens on no port. On Windows, where LibreOffice is not installed, Warm tries Word or
// WPS instead.
package office
