// Package probe compiles packages with numbered probes in them: calls, put around pieces of the source, that write down once
// which of them a run reached, and with which outcome, and that can leave one of the pieces out. The files stay as they are; the
// compiler is handed the changed ones beside them.
package probe
